import { mkdirSync } from "node:fs";
import { join } from "node:path";
import sharp from "sharp";
import { describe, expect, it } from "vitest";
import { evaluateBundle } from "../../src/evaluation/evaluate.ts";
import type { JudgeOptions, ScorePicture } from "../../src/evaluation/judge.ts";
import { evaluationText } from "../../src/evaluation/report.ts";
import { listLine } from "../../src/imaging/picture-folder.ts";
import { writePng } from "../../src/imaging/write-picture.ts";
import { temporaryFolder } from "../imaging/temporary-folder.ts";

const SIZE = { width: 16, height: 16 };

/** Grey pictures; a bright square of 4 × 4 is the defect, and the mask where asked. */
async function makeFolder(): Promise<string> {
  const folder = temporaryFolder();
  for (const part of ["test/good", "test/spot", "test/hole", "ground_truth/spot"]) {
    mkdirSync(join(folder, part), { recursive: true });
  }
  for (let i = 0; i < 4; i++) await writePng(join(folder, `test/good/${i}.png`), picture(50 + i, 0), SIZE);
  for (let i = 0; i < 3; i++) {
    await writePng(join(folder, `test/spot/${i}.png`), picture(50, 100 + i), SIZE);
    const mask = Buffer.from(picture(0, 255).filter((_, at) => at % 3 === 0));
    await sharp(mask, { raw: { ...SIZE, channels: 1 } })
      .png()
      .toFile(join(folder, `ground_truth/spot/${i}_mask.png`));
  }
  await writePng(join(folder, "test/hole/0.png"), picture(48, 0), SIZE);
  return folder;
}

function picture(ground: number, square: number): Uint8Array {
  const data = new Uint8Array(SIZE.width * SIZE.height * 3).fill(ground);
  for (let y = 4; y < 8; y++) if (square > 0) data.fill(square, (y * 16 + 4) * 3, (y * 16 + 8) * 3);
  return data;
}

/** A model that looks at brightness. */
const byBrightness: ScorePicture = (rgb) => {
  const map = Float32Array.from({ length: 256 }, (_, at) => rgb[at * 3] ?? 0);
  return Promise.resolve({ score: map.reduce((a, b) => Math.max(a, b)), map, mapSize: SIZE });
};

async function options(score: ScorePicture): Promise<JudgeOptions & { threshold: number }> {
  const { line } = await listLine(await makeFolder());
  let time = 0;
  return {
    line,
    size: SIZE,
    threshold: 51.5,
    score,
    now: () => (time += 5),
    signal: new AbortController().signal,
    onProgress: () => undefined,
  };
}

describe("evaluateBundle", () => {
  it("reports ranking, operating point, defects and times", async () => {
    const report = await evaluateBundle(await options(byBrightness));
    expect(report).toMatchObject({
      good: 4,
      bad: 4,
      imageAuroc: 0.75, // the hole is darker than every good part
      pixelAuroc: 1,
      pixelAp: 1,
      withoutMask: 1,
      falseRejectRate: 0.5,
      escapeRate: 0.25,
      latencyMsP50: 5,
      perDefect: {
        hole: { pictures: 1, imageAuroc: 0, caughtShare: 0 },
        spot: { pictures: 3, imageAuroc: 1, caughtShare: 1 },
      },
    });
    expect(report.aupro).toBeCloseTo(1, 12);
    const text = evaluationText(report);
    expect(text).toContain("image: AUROC 0.7500");
    expect(text).toContain("50.0 % of the good rejected, 25.0 % of the bad passed");
    expect(text).toContain("1 bad pictures without a mask");
  });

  it("gives null where pictures do not allow a number", async () => {
    const all = await options(byBrightness);
    const report = await evaluateBundle({
      ...all,
      line: all.line.filter(({ truth }) => truth.label === "good"),
    });
    expect(report).toMatchObject({
      imageAuroc: null,
      pixelAuroc: null,
      aupro: null,
      escapeRate: null,
      perDefect: {},
    });
    expect(evaluationText(report)).toContain("no masks");
  });

  it("counts masks that mark nothing, and has no times without pictures", async () => {
    const folder = await makeFolder();
    const black = Buffer.alloc(SIZE.width * SIZE.height);
    await sharp(black, { raw: { ...SIZE, channels: 1 } })
      .png()
      .toFile(join(folder, "ground_truth/spot/1_mask.png"));
    const all = await options(byBrightness);
    const { line } = await listLine(folder);
    const report = await evaluateBundle({ ...all, line });
    expect(report).toMatchObject({ bad: 4, withoutMask: 1, emptyMask: 1 });
    expect(evaluationText(report)).toContain("1 bad pictures with a mask that marks nothing");
    const none = await evaluateBundle({ ...all, line: [] });
    expect(none).toMatchObject({ good: 0, latencyMsP50: null, latencyMsP99: null, decodeMsP50: null });
    expect(evaluationText(none)).toContain("p50 –");
  });

  it("refuses a model that gives NaN, and stops when asked", async () => {
    const broken: ScorePicture = async (rgb) => ({ ...(await byBrightness(rgb)), score: NaN });
    await expect(evaluateBundle(await options(broken))).rejects.toMatchObject({ code: "not-finite" });
    const signal = AbortSignal.abort(new Error("stopped"));
    await expect(evaluateBundle({ ...(await options(byBrightness)), signal })).rejects.toThrow("stopped");
  });
});
