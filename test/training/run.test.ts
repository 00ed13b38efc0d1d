import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { readBundle } from "../../src/bundles/read.ts";
import type { JobProgress, Stage } from "../../src/domain/job.ts";
import { openSession } from "../../src/onnx/session.ts";
import { createJob } from "../../src/training/job.ts";
import type { TrainingJob } from "../../src/training/protocol.ts";
import { runTraining } from "../../src/training/run.ts";
import { TrainingSupervisor, type JobStatus } from "../../src/training/supervisor.ts";
import { QUICK_SIZE, QUICK_TRAINING, quickConfig, renderNormals } from "../e2e/quick-training.ts";
import { taughtNothingState } from "../e2e/quick-state.ts";
import { canMount } from "../full-disk.ts";

const TIMEOUT = 90_000;
const QUICK = { timeout: TIMEOUT, interval: 20 };

let stateDir: string;
let normalsDir: string;
let supervisor: TrainingSupervisor;
let reports: JobProgress[];

beforeEach(async () => {
  stateDir = await taughtNothingState();
  normalsDir = join(stateDir, "normals");
  reports = [];
  supervisor = new TrainingSupervisor({
    entry: new URL("../../src/training/process.ts", import.meta.url),
    now: Date.now,
    onChange: ({ progress }) => {
      if (progress && reports.at(-1) !== progress) reports.push(progress);
    },
  });
}, TIMEOUT);
afterEach(async () => {
  await supervisor.stop();
});

function jobOf(changes: Partial<TrainingJob> = {}, training: object = {}): TrainingJob {
  const config = quickConfig(stateDir, { training: { ...QUICK_TRAINING, ...training } });
  return {
    ...createJob(config, { recipe: "default", normalsDir, parent: null, now: new Date() }),
    ...changes,
  };
}

async function finish(job: TrainingJob): Promise<JobStatus> {
  supervisor.start(job);
  return supervisor.finished;
}

const bundles = (): string[] =>
  existsSync(join(stateDir, "bundles")) ? readdirSync(join(stateDir, "bundles")) : [];

describe("a training job", () => {
  it(
    "gives a bundle that is whole, that ONNX Runtime scores as the trainer did, and leaves no job folder",
    async () => {
      await renderNormals(normalsDir, 14);
      const job = jobOf();
      const { state, error, result } = await finish(job);
      expect([state, error]).toEqual(["completed", null]);
      expect(result).toMatchObject({ bundleId: job.id, images: 14 });
      expect(result?.parityMaxAbs).toBeLessThanOrEqual(1e-3);
      expect(existsSync(job.jobDir)).toBe(false);
      const { manifest, model, golden } = await readBundle(result?.bundleDir ?? "");
      expect(manifest).toMatchObject({
        id: job.id,
        recipe: "default",
        threshold: { value: result?.threshold },
      });
      expect(golden).toHaveLength(8);
      const session = await openSession({ model, providers: ["cpu"], threads: 1 });
      for (const frame of golden) {
        const { score, map } = await session.run({
          image: { dims: [1, QUICK_SIZE, QUICK_SIZE, 3], data: frame.data },
        });
        expect(score?.data[0]).toBeCloseTo(frame.score, 3);
        expect(Math.max(...(map?.data ?? []))).toBeCloseTo(frame.score, 3);
      }
      await session.release();
      const shares = reports.map(({ progress }) => progress);
      expect(shares).toEqual([...shares].sort((a, b) => a - b));
      expect([...new Set(reports.map(({ stage }) => stage))]).toEqual([
        "clean",
        "features",
        "synthesize",
        "amplify",
        "distill",
        "settle",
        "calibrate",
        "export",
        "validate",
      ] satisfies Stage[]);
      const report = JSON.parse(readFileSync(join(result?.bundleDir ?? "", "report.json"), "utf8")) as object;
      expect(report).toMatchObject({ dataSet: { images: 14, heldOut: 3, trained: 11 } });
    },
    TIMEOUT,
  );

  it(
    "can be cancelled in every stage, and leaves no bundle",
    async () => {
      await renderNormals(normalsDir, 10);
      const stages = [
        "clean",
        "features",
        "synthesize",
        "amplify",
        "distill",
        "settle",
        "calibrate",
        "export",
        "validate",
      ];
      for (const stage of stages) {
        const abort = new AbortController();
        const run = runTraining(jobOf(), {
          signal: abort.signal,
          report: (progress) => {
            if (progress.stage === stage) abort.abort();
          },
        });
        await expect(run, stage).rejects.toMatchObject({ name: "AbortError" });
        expect(bundles(), stage).toEqual([]);
      }
      const { bundleId } = await runTraining(jobOf(), {
        signal: new AbortController().signal,
        report: () => undefined,
      });
      expect(bundles()).toEqual([bundleId]);
    },
    TIMEOUT,
  );

  it(
    "goes on from its checkpoint after kill -9 in the middle of stage 2, and can then be cancelled",
    async () => {
      await renderNormals(normalsDir, 10);
      const distill = { ...QUICK_TRAINING.method.distill, steps: 20_000 };
      supervisor.start(jobOf({}, { method: { ...QUICK_TRAINING.method, distill } }));
      const stepsOf = (from: number): number[] =>
        reports
          .slice(from)
          .flatMap(({ message }) => /step (\d+)\/20000/.exec(message)?.slice(1).map(Number) ?? []);
      const checkpoint = (): boolean => {
        const folder = join(stateDir, "jobs", "default");
        return existsSync(folder) && readdirSync(folder).some((name) => /^distill-.*safetensors$/.test(name));
      };
      await vi.waitUntil(checkpoint, QUICK);
      const killedAt = Math.max(...stepsOf(0));
      const before = reports.length;
      const { pid } = supervisor;
      process.kill(pid ?? 0, "SIGKILL");
      await vi.waitUntil(
        () => supervisor.pid !== pid && stepsOf(before).some((step) => step > killedAt + 5),
        QUICK,
      );
      const resumed = reports.slice(before).filter(({ stage }) => stage !== "clean");
      const firstStep =
        stepsOf(before).find((step, index, all) => index > 0 && step < (all[index - 1] ?? 0)) ??
        stepsOf(before)[0];
      expect(firstStep).toBeGreaterThan(100);
      expect(new Set(resumed.map(({ stage }) => stage))).toEqual(new Set(["distill"])); // features, anomalies, stage 1: kept
      supervisor.cancel();
      expect((await supervisor.finished).state).toBe("canceled");
      expect(bundles()).toEqual([]);
    },
    TIMEOUT,
  );

  it(
    "ends with the reason when its loss is no number, and when it needs more memory than it may have",
    async () => {
      await renderNormals(normalsDir, 10);
      const distill = { ...QUICK_TRAINING.method.distill, learningRate: 1e30 };
      const nan = await finish(jobOf({}, { method: { ...QUICK_TRAINING.method, distill } }));
      expect(nan).toMatchObject({ state: "failed", error: { code: "nan-loss" } });
      expect(nan.error?.message).toMatch(/learning rate/);
      const memory = await finish(jobOf({ memoryLimitMb: 100 }));
      expect(memory).toMatchObject({ state: "failed", error: { code: "out-of-memory" } });
      expect(memory.error?.message).toMatch(/memoryLimitMb = 100.*batch/);
      expect(bundles()).toEqual([]);
    },
    TIMEOUT,
  );

  it(
    "does not take a recipe named mushroom for a lack of memory (OOM)",
    async () => {
      await renderNormals(normalsDir, 10);
      await writeFile(join(stateDir, "a-file"), "");
      const { error } = await finish(jobOf({ jobDir: join(stateDir, "a-file", "mushroom") }));
      expect(error).toMatchObject({ code: "training-failed" });
    },
    TIMEOUT,
  );

  it(
    "refuses too few pictures, an empty or missing folder and files that are no pictures, each in words",
    async () => {
      const expectFailure = async (code: string, words: RegExp): Promise<void> => {
        const run = runTraining(jobOf(), { signal: new AbortController().signal, report: () => undefined });
        await expect(run).rejects.toMatchObject({ code, message: expect.stringMatching(words) as string });
      };
      await expectFailure("folder-missing", /no folder .*normals/);
      await mkdir(normalsDir);
      await expectFailure("folder-empty", /is empty/);
      await renderNormals(normalsDir, 1);
      await expectFailure("too-few-normals", /1 usable normal pictures, at least 8/);
      for (let index = 10; index < 20; index += 1)
        await writeFile(join(normalsDir, `${index}.png`), "this is no picture");
      await expectFailure("too-few-normals", /10 unreadable.*First unreadable: .*10\.png/);
      expect(bundles()).toEqual([]);
    },
    TIMEOUT,
  );
});

describe.skipIf(!canMount())("a training job on a full disk (needs root, to mount a small one)", () => {
  let disk: string;
  beforeEach(async () => {
    disk = await mkdtemp(join(tmpdir(), "assayd-small-disk-"));
    await renderNormals(normalsDir, 10);
  });
  afterEach(async () => {
    execFileSync("umount", [disk]);
    await rm(disk, { recursive: true });
  });

  it.each([
    ["the features do not fit", "200k"],
    ["the bundle does not fit", "4m"],
  ])(
    "ends as disk-full when %s, with nothing half-written among the bundles, and works once there is space",
    async (_what, size) => {
      execFileSync("mount", ["-t", "tmpfs", "-o", `size=${size}`, "tmpfs", disk]);
      const places = { jobDir: join(disk, "jobs", "default"), bundlesDir: join(disk, "bundles") };
      const full = await finish(jobOf(places));
      expect(full).toMatchObject({ state: "failed", error: { code: "disk-full" } });
      expect(full.error?.message).toMatch(/is full \(ENOSPC\).*free some space/);
      expect(existsSync(places.bundlesDir) ? readdirSync(places.bundlesDir) : []).toEqual([]);
      expect(readdirSync(places.jobDir).filter((name) => /tmp|bundle/.test(name))).toEqual([]);
      execFileSync("mount", ["-o", "remount,size=200m", disk]);
      const again = await finish(jobOf(places));
      expect(again.state).toBe("completed");
      expect(readdirSync(places.bundlesDir)).toEqual([again.job.id]);
    },
    TIMEOUT,
  );
});
