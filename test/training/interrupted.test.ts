import { readFile, readdir } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import type { JobResult } from "../../src/domain/job.ts";
import { createJob } from "../../src/training/job.ts";
import { runTraining, type TrainingHooks } from "../../src/training/run.ts";
import { SMALL_METHODS, titleOf } from "../contract/small-methods.ts";
import { taughtNothingState } from "../e2e/quick-state.ts";
import { quickConfig, renderNormals } from "../e2e/quick-training.ts";

const TIMEOUT = 120_000;
const SIDE = 64;
const INSTANT = { start: "first", method: { name: "memory-bank", patches: 60 } };
const methodOf = (title: string) => SMALL_METHODS.find((method) => titleOf(method) === title)!;
const CASES = [
  ...["aand, paper", "adps"].map((title) => ({
    title,
    training: { method: methodOf(title), instant: { start: "never" } },
  })),
  {
    title: "auto, of aand, fused",
    training: { method: { name: "auto", trained: methodOf("aand, fused") }, instant: INSTANT },
  },
];

it.each(CASES)(
  "$title: cancelled in each of its stages, one run after the other, a job ends with the weights of one that was not",
  async ({ training }) => {
    const [never, often] = [await taughtNothingState(), await taughtNothingState()];
    for (const state of [never, often]) await renderNormals(join(state, "normals"), 12);
    const run = (state: string, hooks: Partial<TrainingHooks>): Promise<JobResult> => {
      const config = quickConfig(state, {
        station: { name: "st1", stateDir: state, inputSize: SIDE },
        training: { minImages: 8, threads: 1, ...training },
      });
      const request = {
        recipe: "default",
        normalsDir: join(state, "normals"),
        parent: null,
        now: new Date(0),
      };
      const job = createJob(config, request);
      return runTraining(job, { signal: new AbortController().signal, report: () => undefined, ...hooks });
    };
    const stages = new Set<string>();
    const whole = await run(never, { report: ({ stage }) => stages.add(stage) });
    for (const stage of stages) {
      const abort = new AbortController();
      const report: TrainingHooks["report"] = (progress) => {
        if (progress.stage === stage) abort.abort();
      };
      await expect(run(often, { signal: abort.signal, report }), stage).rejects.toMatchObject({
        name: "AbortError",
      });
      const bundles = await readdir(join(often, "bundles")).catch(() => []);
      expect(bundles.filter((id) => !id.endsWith("-instant"))).toEqual([]);
    }
    const resumed = await run(often, {});
    expect(resumed.threshold).toBe(whole.threshold);
    const heads = ({ bundleDir }: JobResult) => readFile(join(bundleDir, "heads.safetensors"));
    expect((await heads(resumed)).equals(await heads(whole))).toBe(true);
  },
  TIMEOUT,
);
