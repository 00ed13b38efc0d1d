import { join } from "node:path";
import { expect, it } from "vitest";
import { createJob } from "../../src/training/job.ts";
import { runTraining } from "../../src/training/run.ts";
import { taughtNothingState } from "../e2e/quick-state.ts";
import { quickConfig, renderNormals } from "../e2e/quick-training.ts";

const TIMEOUT = 90_000;

/** What a large teacher makes long: each is told, and is where a job can be cancelled. */
const PIECES = [/^looking at the features of part 1\/10$/, /^whitening the 112 channels of level 3$/];

it(
  "what comes before the first step of a training is told piece by piece, and is no longer done once the job is cancelled",
  async () => {
    const state = await taughtNothingState();
    await renderNormals(join(state, "normals"), 12);
    const config = quickConfig(state, { station: { name: "st1", stateDir: state, inputSize: 64 } });
    const request = { recipe: "default", normalsDir: join(state, "normals"), parent: null, now: new Date(0) };
    for (const piece of PIECES) {
      const abort = new AbortController();
      const messages: string[] = [];
      const run = runTraining(createJob(config, request), {
        signal: abort.signal,
        report: ({ message }) => {
          messages.push(message);
          if (piece.test(message)) abort.abort();
        },
      });
      await expect(run, String(piece)).rejects.toMatchObject({ name: "AbortError" });
      expect(messages.at(-1)).toMatch(piece);
    }
  },
  TIMEOUT,
);
