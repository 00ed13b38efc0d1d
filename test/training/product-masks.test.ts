import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createRandom } from "../../src/graph/random.ts";
import { PLAIN_VIEW, type View } from "../../src/preprocess/view.ts";
import { FeatureFile } from "../../src/training/feature-file.ts";
import { anomalyPlaces, judgedByProduct, lookedGrid } from "../../src/training/product-masks.ts";

const SIDE = 256;
/** Level 1 of a picture of 512 × 512 has 128 locations a side; the product lies from 32 up to 96. */
const SHAPE = { c: 6, h: 128, w: 128 };
const isProduct = (at: number): boolean => at >= 32 && at < 96;

type Looked = Parameters<typeof judgedByProduct>[0];
let folder: string;
let features: FeatureFile;

/** Ground about 0, the product's channels apart from it, channels first. */
function recordOf(seed: number): Float32Array {
  const random = createRandom(seed);
  return Float32Array.from({ length: SHAPE.c * SHAPE.h * SHAPE.w }, (_, i) => {
    const [y, x] = [Math.floor((i % SHAPE.h ** 2) / SHAPE.w), i % SHAPE.w];
    return random() + (isProduct(y) && isProduct(x) ? 3 : 0);
  });
}

async function* records(): AsyncGenerator<Float32Array[]> {
  for (const seed of [1, 2]) yield await Promise.resolve([recordOf(seed)]);
}

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "assayd-masks-"));
  features = await FeatureFile.openOrMake(join(folder, "normals.f16"), [SHAPE], 2, records);
});
afterEach(async () => {
  await features.close();
  await rm(folder, { recursive: true });
});

/** Two samples of one product, everything judged. */
function looked(foreground: "synthesis" | "map", view: View = PLAIN_VIEW): Looked {
  const split = { train: [0, 1], heldOut: [] };
  return {
    job: { inputSize: { width: SIDE, height: SIDE }, training: { preprocess: { foreground } } },
    session: { shapes: [SHAPE] },
    features,
    samples: { split: { ...split, products: [{ recipe: "a", ...split }] }, judged: () => null },
    view,
  } as unknown as Looked;
}

const at = (mask: Uint8Array | null | undefined, x: number): number | undefined =>
  mask?.[(SIDE / 2) * SIDE + x];

describe("anomalyPlaces", () => {
  it("finds the product on a grid of 64 at most, whatever the level has: grown by one of its locations, 4 pixels here", async () => {
    for (const mask of await anomalyPlaces(looked("synthesis"), [0, 1]))
      expect([59, 60, SIDE / 2, 195, 196].map((x) => at(mask, x))).toEqual([0, 1, 1, 1, 0]);
  });
});

it("hundreds of pictures of a wide teacher are looked at on fewer locations, so that they fit into memory", () => {
  const lite = { c: 24, h: 128, w: 128 };
  const wide = { c: 256, h: 64, w: 64 };
  expect(lookedGrid(lite, 400)).toEqual({ c: 24, h: 64, w: 64 });
  expect(lookedGrid(wide, 100)).toEqual(wide);
  expect(lookedGrid(wide, 400)).toEqual({ c: 256, h: 32, w: 32 });
});

describe("judgedByProduct", () => {
  it("judges only where a product was seen", async () => {
    const { judged } = await judgedByProduct(looked("map"));
    expect([0, SIDE / 2, SIDE - 1].map((x) => at(judged, x))).toEqual([0, 1, 0]);
  });

  it("refuses settings that leave only places without a product", async () => {
    const corner = new Uint8Array(SIDE ** 2).fill(1, 0, 100);
    await expect(judgedByProduct(looked("map", { ...PLAIN_VIEW, judged: corner }))).rejects.toMatchObject({
      code: "empty-area",
    });
  });
});
