import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { DEFAULT_TEACHER, importTeacher } from "../../src/backbones/teacher-import.ts";
import { readBundle } from "../../src/bundles/read.ts";
import { servedRecipes, type BundleManifest } from "../../src/bundles/manifest.ts";
import { statePaths } from "../../src/config/paths.ts";
import { qualitySchema } from "../../src/config/quality-schema.ts";
import { createRandom } from "../../src/graph/random.ts";
import { checkQuality } from "../../src/imaging/quality/check-quality.ts";
import { readReference } from "../../src/imaging/quality/quality-reference.ts";
import { writePng } from "../../src/imaging/write-picture.ts";
import { renderSample } from "../../src/simulator/product.ts";
import { findProduct } from "../../src/simulator/products.ts";
import { quantileOf } from "../../src/training/calibrate.ts";
import { createJob } from "../../src/training/job.ts";
import { withInspector } from "../../src/training/inspector-export.ts";
import { runTraining } from "../../src/training/run.ts";
import { quickConfig } from "../e2e/quick-training.ts";
import { mixedPicture, pastedPicture } from "./probe-pictures.ts";

const TIMEOUT = 300_000;
const SIDE = 96;
const SIZE = { width: SIDE, height: SIDE };
const PRODUCTS = ["default", "gear", "fabric"] as const;
const TAUGHT = 30;
/** Good parts of each product that the job never saw. */
const FRESH = 40;
const PROBES = 20;

let state: string;
let manifest: BundleManifest;
/** Scores of fresh good parts by product, and of the probes with the products that they are made of. */
let normals: number[][];
let mixed: { readonly score: number; readonly of: readonly number[] }[];
let pasted: { readonly score: number; readonly of: readonly number[] }[];

const goodPart = (product: number, index: number): Uint8Array =>
  renderSample(findProduct(PRODUCTS[product]!), { index, seed: 5, size: SIZE }, null).data;
const PAIRS = PRODUCTS.flatMap((_, a) => PRODUCTS.map((__, b) => [a, b] as const)).filter(
  ([a, b]) => a !== b,
);

beforeAll(async () => {
  state = await mkdtemp(join(tmpdir(), "assayd-products-"));
  const { teachers } = statePaths(state);
  await importTeacher({ file: "default", id: DEFAULT_TEACHER.id, teachersDir: teachers, inputSize: SIDE });
  const sources = await Promise.all(
    PRODUCTS.map(async (recipe, product) => {
      const normalsDir = join(state, recipe);
      await mkdir(normalsDir);
      for (let index = 0; index < TAUGHT; index++)
        await writePng(join(normalsDir, `${index}.png`), goodPart(product, index), SIZE);
      return { recipe, normalsDir, parent: recipe === "gear" ? "gear-before" : null };
    }),
  );
  const method = { name: "snl", distill: { steps: 120, batch: 12 } };
  const config = quickConfig(state, {
    station: { name: "st1", stateDir: state, inputSize: SIDE },
    training: { minImages: 8, instant: { start: "never" }, method },
  });
  const [first, ...alsoFor] = sources;
  const job = createJob(config, { ...first!, alsoFor, now: new Date() });
  const { signal } = new AbortController();
  const { bundleDir } = await runTraining(job, { signal, report: () => undefined });
  const { model, ...bundle } = await readBundle(bundleDir);
  manifest = bundle.manifest;
  await withInspector(model, { size: SIZE, tiles: null, threads: 1 }, probe);
}, TIMEOUT);
afterAll(() => rm(state, { recursive: true, force: true }));

async function probe(inspect: (picture: Uint8Array) => Promise<{ readonly score: number }>): Promise<void> {
  const random = createRandom(11);
  const score = async (picture: Uint8Array): Promise<number> => (await inspect(picture)).score;
  const fresh = PRODUCTS.map((_, product) =>
    Array.from({ length: FRESH }, (__, index) => goodPart(product, TAUGHT + index)),
  );
  normals = [];
  for (const pictures of fresh) {
    const scores: number[] = [];
    for (const picture of pictures) scores.push(await score(picture));
    normals.push(scores);
  }
  [mixed, pasted] = [[], []];
  for (const [a, b] of PAIRS)
    for (let at = 0; at < PROBES; at++) {
      const [one, other] = [fresh[a]![at]!, fresh[b]![FRESH - 1 - at]!];
      mixed.push({ score: await score(mixedPicture(one, other)), of: [a, b] });
      pasted.push({ score: await score(pastedPicture(one, other, SIZE, random)), of: [a] });
    }
}

/** Share of the probes above the 99th percentile of the fresh normals of every product that they are made of. */
function caught(probes: typeof mixed): number {
  const limits = normals.map((scores) => quantileOf(scores, 0.99));
  const found = probes.filter(({ score, of }) => of.every((product) => score > limits[product]!));
  return found.length / probes.length;
}

describe("one model for three products (SNL)", () => {
  it("knows what each product's good parts look like, and where a texture has no place", () => {
    const looks = servedRecipes(manifest).map(({ recipe, quality }) => [recipe, quality?.grey !== null]);
    expect(looks).toEqual([
      ["default", true],
      ["gear", true],
      ["fabric", false],
    ]);
    const [relay, gear] = servedRecipes(manifest).map(({ quality }) => quality && readReference(quality));
    const picture = (product: number) => ({ ...SIZE, data: goodPart(product, TAUGHT + 1) });
    const limits = qualitySchema.parse({ maxBrightnessChange: 40, minSharpness: 0.25, maxShiftPx: 12 });
    expect(checkQuality(picture(0), relay!, limits)).toBeNull();
    expect(checkQuality(picture(1), gear!, limits)).toBeNull();
  });

  it("has a threshold and a history for each, whose stated false-reject interval holds on unseen good parts", () => {
    const served = servedRecipes(manifest);
    expect(served.map(({ recipe, parent }) => [recipe, parent])).toEqual([
      ["default", null],
      ["gear", "gear-before"],
      ["fabric", null],
    ]);
    for (const [product, { threshold }] of served.entries()) {
      expect(threshold.heldOut).toBe(6);
      expect(threshold.value).toBeGreaterThan(0);
      const rejected = normals[product]!.filter((score) => score > threshold.value);
      expect(rejected.length / FRESH).toBeLessThanOrEqual(threshold.falseRejectRate.high);
    }
    expect(new Set(served.map(({ threshold }) => threshold.value)).size).toBe(3);
  });

  // The probe of SNL's authors (arXiv 2402.17091): what mixes two products is not normal for either of them.
  it("finds mixed pictures of two products", () => {
    expect(caught(mixed)).toBeGreaterThanOrEqual(0.95);
  });

  it("finds pieces of one product pasted onto another", () => {
    expect(caught(pasted)).toBeGreaterThanOrEqual(0.95);
  });
});
