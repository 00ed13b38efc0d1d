import { existsSync, readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { configSchema } from "../../src/config/schema.ts";
import { InputError, TrainingError } from "../../src/domain/errors.ts";
import { instantWords } from "../../src/training/instant-start.ts";
import { jobError } from "../../src/training/job-error.ts";
import { createJob } from "../../src/training/job.ts";
import { TrainingSupervisor, type JobStatus } from "../../src/training/supervisor.ts";

let folder: string;
let statuses: JobStatus[];
let supervisor: TrainingSupervisor;
let clock = 0;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "assayd-supervisor-"));
  statuses = [];
  supervisor = new TrainingSupervisor({
    entry: new URL("./fake-trainer.ts", import.meta.url),
    now: () => (clock += 1),
    graceMs: 300,
    onChange: (status) => statuses.push(status),
  });
});
afterEach(async () => {
  await supervisor.stop();
  await rm(folder, { recursive: true, force: true });
});

/** A job whose process behaves as the recipe says (fake-trainer.ts). */
function jobOf(behaviour: string) {
  const config = configSchema.parse({ station: { stateDir: folder } });
  const now = new Date(Date.UTC(2026, 0, 1, 0, 0, (clock += 1)));
  return createJob(config, { recipe: behaviour, normalsDir: folder, parent: null, now });
}

const starts = (): number =>
  readFileSync(join(folder, "jobs", "starts"), "utf8")
    .trim()
    .split("\n").length;
const underWay = () => vi.waitUntil(() => supervisor.status?.progress !== null, { timeout: 10_000 });

describe("TrainingSupervisor", () => {
  it("reports progress, then the result, once the process has ended and its folder is gone", async () => {
    const job = jobOf("completes");
    supervisor.start(job);
    expect(supervisor.running).toBe(true);
    const status = await supervisor.finished;
    expect(status).toMatchObject({ state: "completed", result: { bundleId: job.id }, error: null });
    expect(statuses.map(({ state }) => state)).toEqual(["running", "running", "completed"]);
    expect(statuses[1]?.progress).toMatchObject({ stage: "distill", progress: 0.5 });
    expect(status.endedAt).toBeGreaterThan(status.startedAt);
    expect(supervisor.pid).toBeUndefined();
    expect(existsSync(job.jobDir)).toBe(false);
  });

  it("tells of the instant model while the job goes on, and after it", async () => {
    const job = jobOf("starts-instantly");
    supervisor.start(job);
    const { result, instant } = await supervisor.finished;
    expect([result?.bundleId, instant?.bundleId]).toEqual([job.id, `${job.id}-instant`]);
    const told = statuses
      .filter(({ state }) => state === "running")
      .map((status) => status.instant?.bundleId);
    expect(told).toEqual([undefined, undefined, `${job.id}-instant`]);
  });

  it("says why a job failed, and keeps its folder for the next one", async () => {
    const job = jobOf("fails");
    supervisor.start(job);
    const status = await supervisor.finished;
    expect(status).toMatchObject({ state: "failed", error: { code: "nan-loss" }, result: null });
    expect(existsSync(join(job.jobDir, "checkpoint"))).toBe(true);
    expect(starts()).toBe(1);
    expect(jobError(status, "the training")).toBeInstanceOf(TrainingError);
  });

  it("knows what went wrong from what was handed in, and what judges meanwhile", async () => {
    const job = jobOf("refuses");
    supervisor.start(job);
    const status = await supervisor.finished;
    const instant = `${job.id}-instant`;
    const words = instantWords(status, instant);
    expect(words).toBe(`; the instant model ${instant} goes on judging`);
    expect(instantWords(status, "another")).toBe("");
    expect(instantWords({ instant: null }, null)).toBe("");
    const error = jobError(status, "the training", words);
    expect(error).toBeInstanceOf(InputError);
    expect(error).toMatchObject({ code: "no-teacher", message: `there is no teacher${words}` });
  });

  it("gives an error for a job that was cancelled, too", () => {
    const error = jobError({ state: "canceled", error: null }, "the import");
    expect(error).toMatchObject({ code: "canceled", message: "the import was canceled" });
  });

  it("starts a killed process again once, and the job goes on", async () => {
    supervisor.start(jobOf("dies-once"));
    expect((await supervisor.finished).state).toBe("completed");
    expect(starts()).toBe(2);
  });

  it("gives up after the second death, naming how it died, the remedy and the checkpoint", async () => {
    const job = jobOf("dies");
    supervisor.start(job);
    const { state, error } = await supervisor.finished;
    expect([state, error?.code]).toEqual(["failed", "trainer-died"]);
    expect(error?.message).toMatch(/SIGKILL.*memoryLimitMb.*checkpoint/);
    expect(starts()).toBe(2);
    expect(existsSync(join(job.jobDir, "checkpoint"))).toBe(true);
  });

  it("cancels a job, whose folder is then gone, and can start the next one in the same moment", async () => {
    const job = jobOf("waits");
    supervisor.start(job);
    await underWay();
    let second: JobStatus | null = null;
    const stop = vi.fn((status: JobStatus) => {
      if (status.state === "canceled" && second === null)
        second = supervisor.start({ ...jobOf("completes"), jobDir: job.jobDir });
    });
    statuses.push = (...all) => {
      all.forEach(stop);
      return 0;
    };
    supervisor.cancel();
    expect((await vi.waitUntil(() => second, { timeout: 5000 })).state).toBe("running");
    const status = await supervisor.finished;
    expect(status).toMatchObject({ state: "completed" });
    expect(starts()).toBe(2);
  });

  it("kills a process that does not end when it is cancelled", async () => {
    const job = jobOf("hangs");
    supervisor.start(job);
    await underWay();
    supervisor.cancel();
    expect(await supervisor.finished).toMatchObject({ state: "canceled", error: null });
    expect(existsSync(job.jobDir)).toBe(false);
    expect(starts()).toBe(1);
  });

  it("does not start a process again that died while it was being cancelled", async () => {
    supervisor.start(jobOf("dies-on-cancel"));
    await underWay();
    supervisor.cancel();
    expect((await supervisor.finished).state).toBe("canceled");
    expect(starts()).toBe(1);
  });

  it("kills a process that has finished its job but does not end", async () => {
    supervisor.start(jobOf("hangs-at-end"));
    expect((await supervisor.finished).state).toBe("completed");
  });

  it("refuses a second job and a cancel without a job, in words", async () => {
    expect(() => {
      supervisor.cancel();
    }).toThrow(expect.objectContaining({ code: "no-job" }));
    const job = jobOf("waits");
    supervisor.start(job);
    expect(() => supervisor.start(jobOf("completes"))).toThrow(
      expect.objectContaining({ code: "job-running", message: expect.stringContaining(job.id) as string }),
    );
    await underWay();
    supervisor.cancel();
    await supervisor.finished;
  });

  it("ends a running job as stopped when assayd stops, and keeps its checkpoint", async () => {
    const job = jobOf("waits");
    supervisor.start(job);
    await underWay();
    await supervisor.stop();
    expect(supervisor.status).toMatchObject({ state: "failed", error: { code: "stopped" } });
    expect(existsSync(join(job.jobDir, "checkpoint"))).toBe(true);
  });
});
