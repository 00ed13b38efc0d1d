import { describe, expect, it } from "vitest";
import { aandSchema, rdSchema } from "../../src/config/method-schema.ts";
import { createMethod } from "../../src/methods/registry.ts";
import { scaledTo } from "../../src/training/scale-plan.ts";

describe("scaledTo", () => {
  const aand = createMethod(aandSchema.parse({ name: "aand" }));

  it("leaves plans of 256² and smaller as they are", () => {
    for (const side of [64, 128, 256]) {
      const { amplify, distill } = scaledTo({ width: side, height: side }, aand);
      expect({ amplify, distill }).toEqual({ amplify: aand.amplify, distill: aand.distill });
    }
  });

  it("takes fewer pictures of larger ones, down to 4 a batch and 400 synthetic ones", () => {
    const at512 = scaledTo({ width: 512, height: 512 }, aand);
    expect(at512.distill?.batch).toBe(4);
    expect(at512.amplify).toMatchObject({ batch: 4, images: 400, steps: aand.amplify?.steps });
    expect(at512.amplify?.wide).toEqual({ images: 200, batch: 4 });
    const at320 = scaledTo({ width: 320, height: 320 }, aand);
    expect(at320.amplify).toMatchObject({ batch: 10, images: 1024 });
  });

  it("never makes a plan larger, and no stage where there is none", () => {
    const small = createMethod(rdSchema.parse({ name: "rd", distill: { batch: 2 } }));
    const scaled = scaledTo({ width: 1024, height: 1024 }, small);
    expect(scaled.distill?.batch).toBe(2);
    expect(scaled.amplify).toBeNull();
  });
});
