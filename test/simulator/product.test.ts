import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { DEFECTS } from "../../src/simulator/defects.ts";
import { renderPart, renderPartWithMask, type PartOptions } from "../../src/simulator/product.ts";

const SIZE = { width: 128, height: 128 };
const line = (index: number, change: Partial<PartOptions> = {}): PartOptions => ({
  index,
  seed: 3,
  size: SIZE,
  content: "mixed",
  defectShare: 0.3,
  ...change,
});
const digest = (data: Uint8Array): string => createHash("sha256").update(data).digest("hex");

describe("renderPart", () => {
  it("gives the same bytes for the same part, and others for another part or seed", () => {
    const first = digest(renderPart(line(5)).data);
    expect(digest(renderPart(line(5)).data)).toBe(first);
    expect(digest(renderPart(line(6)).data)).not.toBe(first);
    expect(digest(renderPart(line(5, { seed: 4 })).data)).not.toBe(first);
  });

  it("makes only good parts on a normal line, and the asked share of bad ones on a mixed line", () => {
    const small = { size: { width: 32, height: 32 } };
    const truths = Array.from({ length: 400 }, (_, i) => renderPart(line(i, small)).truth);
    const share = truths.filter(({ label }) => label === "bad").length / truths.length;
    expect(share).toBeGreaterThan(0.23);
    expect(share).toBeLessThan(0.37);
    expect(new Set(truths.map(({ source }) => source))).toEqual(new Set(["good", ...DEFECTS]));
    const normal = Array.from({ length: 50 }, (_, i) =>
      renderPart(line(i, { ...small, content: "normal", defectShare: 1 })),
    );
    expect(normal.every(({ truth }) => truth.label === "good")).toBe(true);
  });

  it("renders any size", () => {
    for (const size of [
      { width: 64, height: 96 },
      { width: 300, height: 200 },
    ]) {
      expect(renderPart(line(0, { size })).data).toHaveLength(size.width * size.height * 3);
    }
  });

  it("marks every defect, where the picture differs, and nothing on good parts", () => {
    for (let index = 0; index < 60; index++) {
      const bad = renderPartWithMask(line(index, { defectShare: 1 }));
      const good = renderPartWithMask(line(index, { defectShare: 0 }));
      const area = bad.mask.reduce((sum, pixel) => sum + pixel, 0);
      expect(area, `${bad.truth.source} of part ${index}`).toBeGreaterThan(10);
      expect(area / bad.mask.length).toBeLessThan(0.08);
      expect(good.mask.includes(1)).toBe(false);
      expect(bad.data).toEqual(renderPart(line(index, { defectShare: 1 })).data);
      expect(contrast(bad.data, good.data, bad.mask, 1)).toBeGreaterThan(8);
      expect(contrast(bad.data, good.data, bad.mask, 0)).toBeLessThan(0.5);
    }
  });
});

/** Mean absolute difference of two pictures where the mask has a value. */
function contrast(a: Uint8Array, b: Uint8Array, mask: Uint8Array, value: number): number {
  let sum = 0;
  let count = 0;
  for (let i = 0; i < a.length; i++) {
    if (mask[Math.floor(i / 3)] !== value) continue;
    sum += Math.abs(a[i]! - b[i]!);
    count++;
  }
  return sum / count;
}
