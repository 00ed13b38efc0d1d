import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { PLAIN_VIEW } from "../../src/preprocess/view.ts";
import { FeatureFile } from "../../src/training/feature-file.ts";
import type { Samples } from "../../src/training/samples.ts";
import { ProgressReporter } from "../../src/training/progress.ts";
import { heldOutNormals } from "../../src/training/settle.ts";

const SHAPE = { c: 1, h: 2, w: 2 };
const split = { train: [0, 2], heldOut: [1, 3] };
/** Of a tile: only its pixel of the sample's number. */
const ownPixel = (sample: number): Uint8Array =>
  Uint8Array.from({ length: 4 }, (_, at) => (at === sample ? 1 : 0));
const samples: Samples = {
  count: 4,
  split: { ...split, products: [{ recipe: "a", ...split }] },
  read: () => Promise.resolve(new Uint8Array(12)),
  judged: ownPixel,
  close: () => Promise.resolve(),
};

async function* records(): AsyncGenerator<Float32Array[]> {
  for (const sample of [0, 1, 2, 3]) yield await Promise.resolve([new Float32Array(4).fill(sample)]);
}

it("methods are shown the held-out parts with the places where each is judged", async () => {
  const folder = await mkdtemp(join(tmpdir(), "assayd-settle-"));
  const features = await FeatureFile.openOrMake(join(folder, "f.f16"), [SHAPE], 4, records);
  const progress = new ProgressReporter(
    () => undefined,
    () => 0,
  );
  const work = { features, samples, progress, signal: new AbortController().signal };
  const tiles = heldOutNormals({ ...work, view: PLAIN_VIEW });
  const seen: number[] = [];
  for await (const [level] of tiles) seen.push(...level!);
  expect(seen).toEqual([1, 1, 1, 1, 3, 3, 3, 3]);
  expect([0, 1].map((picture) => tiles.judged?.(picture))).toEqual([ownPixel(1), ownPixel(3)]);
  const whole = heldOutNormals({ ...work, view: { ...PLAIN_VIEW, judged: ownPixel(0) } }); // `foreground: map` leaves less
  expect([0, 1].map((picture) => whole.judged?.(picture))).toEqual([ownPixel(0), ownPixel(0)]);
  await features.close();
  await rm(folder, { recursive: true });
});
