import { expect, it } from "vitest";
import { aandSchema } from "../../../../src/config/method-schema.ts";
import { aand } from "../../../../src/methods/aand/aand.ts";
import { runTf } from "../../../contract/run-network.ts";
import {
  batchesOf,
  LEVELS,
  MAP_SIZE,
  seenParts,
  SIDE,
  withNoise,
  type SeenPart,
} from "../fused/seen-parts.ts";

/** Those whose channels the positional map divides by 4. */
const TWO = LEVELS.slice(1);

async function* batches(parts: readonly SeenPart[]) {
  for await (const records of batchesOf(parts)) yield records.slice(1);
}

it("the gate alone has no student: nothing to distil, and none in what is exported", async () => {
  const settings = { name: "aand", form: "paper", amplify: { use: "gate", memory: 4 } };
  const method = aand(aandSchema.parse(settings));
  expect(method.distill).toBeNull();
  const training = method.begin({ levels: TWO, mapSize: MAP_SIZE, seed: 1 });
  await training.prepare(batches(seenParts(6, 1, "good")));
  await training.measureTrust(batches(seenParts(4, 2, "good")));
  expect(training.beginDistill()).toBeNull();
  const { network, weights } = training.trained();
  expect([...weights.keys()].filter((name) => name.startsWith("student."))).toEqual([]);
  const [map] = runTf(network, weights, seenParts(1, 3, "spoiled")[0]!.features.slice(1));
  expect(map!.every((value) => value >= 0 && value <= TWO.length)).toBe(true);
  training.dispose();
});

it("trusts the gate by judged places: what it says elsewhere, on whatever lies there, counts nothing", async () => {
  const settings = { name: "aand", form: "paper", amplify: { memory: 4 } };
  const training = aand(aandSchema.parse(settings)).begin({ levels: TWO, mapSize: MAP_SIZE, seed: 1 });
  await training.prepare(batches(seenParts(6, 1, "good")));
  const good = seenParts(4, 2, "good");
  const judged = Uint8Array.from({ length: SIDE * SIDE }, (_, at) => (at % SIDE < SIDE / 2 ? 0 : 1));
  const trustIn = (parts: readonly SeenPart[], area: Uint8Array | null): Promise<string> =>
    training.measureTrust({ [Symbol.asyncIterator]: () => batches(parts), judged: () => area });
  const noisy = withNoise(good, { left: 0, top: 0, side: SIDE / 2 });
  expect(await trustIn(noisy, null)).not.toBe(await trustIn(good, null));
  expect(await trustIn(noisy, judged)).toBe(await trustIn(good, judged));
  training.dispose();
});

it("the generator alone has no gate, whose trust is not spoken of", async () => {
  const settings = { name: "aand", form: "paper", amplify: { use: "generator", memory: 4 } };
  const training = aand(aandSchema.parse(settings)).begin({ levels: TWO, mapSize: MAP_SIZE, seed: 1 });
  await training.prepare(batches(seenParts(6, 1, "good")));
  expect(await training.measureTrust(batches(seenParts(4, 2, "good")))).toBe(
    "no gate: the residual is added everywhere",
  );
  training.beginDistill();
  const names = [...training.trained().weights.keys()].filter((name) => name.startsWith("raa."));
  expect(new Set(names.map((name) => name.split(".")[2]))).toEqual(new Set(["generator"]));
  training.dispose();
});
