import { rm, writeFile } from "node:fs/promises";
import { createServer, type AddressInfo } from "node:net";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { BundleStore } from "../../src/bundles/store.ts";
import { statePaths } from "../../src/config/paths.ts";
import type { Inspection } from "../../src/domain/inspection.ts";
import { cameraStateSchema } from "../../src/messaging/schemas/camera.ts";
import { sampleBundle } from "../bundles/sample-bundle.ts";
import { until } from "../messaging/plant.ts";
import { Plc, type Seen } from "../plc/handshake/plc.ts";
import { emptyFolder } from "./quick-state.ts";
import { QUICK_SIZE } from "./quick-training.ts";
import { Plant, startStation, type TestStation } from "./test-station.ts";

const BIG_SIZE = 160;
/** Of the sample model, whose score is the brightest pixel times this: a score alone tells which bundle gave it. */
const GAINS = { can: 1, cap: 100, big: 10_000 } as const;
const NUMBERS = { can: 1, cap: 2, big: 3, empty: 4 } as const;

/** A state folder where the recipes can, cap and big have a bundle each. */
async function stateWithBundles(): Promise<string> {
  const stateDir = await emptyFolder();
  const paths = statePaths(stateDir);
  for (const [recipe, gain] of Object.entries(GAINS)) {
    const side = recipe === "big" ? BIG_SIZE : QUICK_SIZE;
    await sampleBundle(paths.bundles, `${recipe}-1`, { recipe, gain, size: { width: side, height: side } });
    await new BundleStore(paths).promote(recipe, `${recipe}-1`);
  }
  return stateDir;
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** A station whose parts come by themselves, 20 a second, with recipe "can" at first. */
function startLine(stateDir: string, port?: number): Promise<TestStation> {
  return startStation({
    stateDir,
    camera: {
      recipe: "can",
      source: { kind: "simulated", fps: 40, defectShare: 0, distinct: 8 },
      trigger: { kind: "rate", partsPerSecond: 20 },
      deadlineMs: 5000,
      checkImage: false,
    },
    config: {
      recipes: Object.entries(NUMBERS).map(([name, number]) => ({
        name,
        number,
        ...(name === "big" && { inputSize: BIG_SIZE }),
      })),
      inference: { providers: ["cpu"], threads: 1, preparedBundles: 4 },
      ...(port !== undefined && { plc: { modbus: { enabled: true, port } } }),
    },
  });
}

const isJudged = ({ reason }: Inspection): boolean => reason === "score";

/** Waits until so many more parts were judged, and gives them. */
async function judged({ verdicts }: TestStation, count = 5): Promise<Inspection[]> {
  const before = verdicts.length;
  const found = () => verdicts.slice(before).filter(isJudged);
  await until("parts are judged", () => found().length >= count, 60_000);
  return found();
}

const recipesOf = (parts: readonly Inspection[]): string[] => [
  ...new Set(parts.map(({ recipe }) => recipe.id)),
];

/** Every part has one answer; each that was judged by the bundle and score of its own recipe, all others are rejected. */
function expectNoWrongRecipe({ verdicts }: TestStation): void {
  const seqs = verdicts.map(({ seq }) => seq).toSorted((a, b) => a - b);
  expect(seqs).toEqual(Array.from({ length: seqs.length }, (_, index) => (seqs[0] ?? 0) + index));
  for (const part of verdicts) {
    if (!isJudged(part)) {
      expect(part).toMatchObject({ verdict: "ERR", action: "reject" });
      continue;
    }
    const { id } = part.recipe;
    expect(part.bundleId).toBe(`${id}-1`);
    const gain = GAINS[id as keyof typeof GAINS];
    expect(part.score).toBeGreaterThan(0.05 * gain);
    expect(part.score).toBeLessThanOrEqual(gain);
  }
}

it("changes recipes by MQTT under running triggers: cold, prepared, refused, with pictures of another size, and after a restart", async () => {
  const stateDir = await stateWithBundles();
  const test = await startLine(stateDir);
  const plant = await Plant.at(test.station.brokerUrl);
  const model = (recipe: string): string =>
    join(statePaths(stateDir).bundles, `${recipe}-1`, "inspector.onnx");
  const select = async (recipe: string): Promise<string[]> => {
    expect(await plant.ask("recipe.select", { recipe }, 60_000)).toMatchObject({ status: "ok" });
    return recipesOf(await judged(test));
  };
  expect(recipesOf(await judged(test))).toEqual(["can"]);

  expect(await select("cap")).toEqual(["cap"]);
  const states = () => plant.heard.json("cam/cam1/state").map((json) => cameraStateSchema.parse(json));
  const dropped = () => states().findIndex(({ ready, fault }) => !ready && fault?.code === "change-over");
  await until("Ready has dropped", () => dropped() >= 0, 20_000);
  const returned = () =>
    states()
      .slice(dropped())
      .some(({ ready, recipe }) => ready && recipe.id === "cap");
  await until("Ready is back", returned, 20_000);

  // Both are loaded by now: the way back needs no file. What is not loaded and damaged is refused, and the old recipe goes on.
  await rm(model("can"));
  expect(await select("can")).toEqual(["can"]);
  await writeFile(model("big"), "damaged");
  expect(await plant.ask("recipe.select", { recipe: "big" }, 60_000)).toMatchObject({ status: "error" });
  expect(recipesOf(await judged(test))).toEqual(["can"]);

  await sampleBundle(statePaths(stateDir).bundles, "big-1", {
    recipe: "big",
    gain: GAINS.big,
    size: { width: BIG_SIZE, height: BIG_SIZE },
  });
  expect(await plant.ask("recipe.prepare", { recipe: "big" }, 60_000)).toMatchObject({ status: "ok" });
  await rm(model("big"));
  expect(await select("big")).toEqual(["big"]);

  // Without a model nothing is judged.
  const before = test.verdicts.length;
  expect(await plant.ask("recipe.select", { recipe: "empty" }, 60_000)).toMatchObject({ status: "ok" });
  const empty = () => test.verdicts.slice(before).filter(({ recipe }) => recipe.id === "empty");
  await until("parts of the new recipe", () => empty().length >= 3, 20_000);
  expect(empty().some(isJudged)).toBe(false);

  expect(await select("cap")).toEqual(["cap"]);
  await test.station.stop();
  expectNoWrongRecipe(test);

  const again = await startLine(stateDir);
  expect(recipesOf(await judged(again))).toEqual(["cap"]);
  await again.station.stop();
  expectNoWrongRecipe(again);
});

it("changes recipes by the number that a PLC writes: Ready drops and returns, and the last wish of several holds", async () => {
  const port = await freePort();
  const test = await startLine(await stateWithBundles(), port);
  const plc = await new Plc().connect(port);
  onTestFinished(() => {
    plc.close();
  });
  const select = async (number: number): Promise<void> => {
    await plc.write("recipeNumber", number);
    await plc.pulse("recipeStrobe");
  };
  const isDone = ({ bits }: Seen): boolean => bits.ready && bits.recipeReady;
  await plc.set("triggerEnable", true);
  expect((await plc.until(isDone)).recipeInUse).toBe(NUMBERS.can);

  await select(NUMBERS.cap);
  expect((await plc.see()).bits).toMatchObject({ ready: false, recipeReady: false, fault: false });
  expect((await plc.until(isDone)).recipeInUse).toBe(NUMBERS.cap);
  expect(recipesOf(await judged(test))).toEqual(["cap"]);

  for (const number of [NUMBERS.can, NUMBERS.cap, NUMBERS.big, NUMBERS.can, NUMBERS.cap])
    await select(number);
  expect((await plc.until(isDone)).recipeInUse).toBe(NUMBERS.cap);
  expect(recipesOf(await judged(test))).toEqual(["cap"]);

  await select(NUMBERS.big);
  const { bits, recipeInUse } = await plc.until(isDone);
  expect([recipeInUse, bits.fault]).toEqual([NUMBERS.big, false]);
  expect(recipesOf(await judged(test))).toEqual(["big"]);
  await test.station.stop();
  expectNoWrongRecipe(test);
});
