import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { until } from "../messaging/plant.ts";
import { trainedState } from "../e2e/quick-state.ts";
import { QUICK_TRAINING, renderNormals } from "../e2e/quick-training.ts";
import { expectOneAnswerEach, isAlive, Plant, startStation, type TestStation } from "../e2e/test-station.ts";

/** 10 triggers a second whatever the camera does: a blind camera's parts still need an answer. */
const LINE = {
  source: { kind: "simulated", fps: 20, seed: 11 },
  trigger: { kind: "rate", partsPerSecond: 10 },
  deadlineMs: 700,
} as const;
const scored = ({ reason }: { reason: string }): boolean => reason === "score";

async function inspecting(
  changes: object = {},
): Promise<{ test: TestStation; plant: Plant; stateDir: string }> {
  const stateDir = await trainedState();
  const test = await startStation({ stateDir, camera: LINE, ...changes });
  const plant = await Plant.at(test.station.brokerUrl);
  await plant.more(5, scored);
  return { test, plant, stateDir };
}

async function expectRecovered(
  { test, plant }: { test: TestStation; plant: Plant },
  reasons: readonly string[],
): Promise<void> {
  await plant.more(15, scored);
  await test.station.stop();
  const results = plant.results();
  expectOneAnswerEach(results, test);
  // `late` may also come of a busy machine; what must never happen is no answer, two, or a wrong one
  const failed = results.filter(({ verdict }) => verdict === "ERR");
  for (const { reason } of failed) expect(["not_ready", "no_frame", "late", ...reasons]).toContain(reason);
  const late = results.filter(
    ({ times }) => times.total_ms > LINE.deadlineMs + 20 && times.infer_ms !== null,
  );
  expect(late).toEqual([]); // no late score ever became a verdict
}

describe("while parts run at 10/s, every trigger gets exactly one answer", () => {
  it("when the capture process is killed", async () => {
    const all = await inspecting();
    const { camera } = all.test.station.line("cam1");
    const { pid } = camera.status;
    process.kill(pid ?? 0, "SIGKILL");
    await all.plant.more(1, ({ reason }) => reason === "no_frame");
    await until("another process plays", () => camera.status.pid !== pid && camera.status.connected);
    expect(camera.status.restarts).toBe(1);
    await expectRecovered(all, []);
  });

  it("when the capture process hangs (SIGSTOP)", async () => {
    const all = await inspecting();
    const { camera } = all.test.station.line("cam1");
    const { pid } = camera.status;
    process.kill(pid ?? 0, "SIGSTOP");
    await until("it is replaced", () => camera.status.pid !== pid && camera.status.connected, 20_000);
    expect(isAlive(pid)).toBe(false);
    await expectRecovered(all, []);
  });

  it("when the inference process is killed", async () => {
    const all = await inspecting();
    const { inspector } = all.test.station.line("cam1");
    const { pid } = inspector.status;
    process.kill(pid ?? 0, "SIGKILL");
    await until(
      "another process judges",
      () => inspector.status.ready && inspector.status.pid !== pid,
      20_000,
    );
    expect(inspector.status.restarts).toBe(1);
    await expectRecovered(all, ["model_error"]);
  });

  it("when the inference process hangs (SIGSTOP), and its late answers change nothing", async () => {
    const all = await inspecting();
    const { inspector } = all.test.station.line("cam1");
    const { pid } = inspector.status;
    process.kill(pid ?? 0, "SIGSTOP");
    await all.plant.more(3, ({ reason }) => reason === "late");
    process.kill(pid ?? 0, "SIGCONT"); // answers all it was given, long after the deadlines
    await all.plant.more(5, scored);
    expect(inspector.status.pid).toBe(pid);
    process.kill(pid ?? 0, "SIGSTOP"); // and now for good
    await until("it is replaced", () => inspector.status.ready && inspector.status.pid !== pid, 20_000);
    expect(isAlive(pid)).toBe(false);
    await expectRecovered(all, ["model_error", "overrun"]);
  });

  it("when the training process is killed twice: the job fails in words, the model goes on, nothing is half-made", async () => {
    const distill = { ...QUICK_TRAINING.method.distill, steps: 20_000 };
    const training = { ...QUICK_TRAINING, method: { ...QUICK_TRAINING.method, distill } };
    const all = await inspecting({ config: { training }, camera: { ...LINE, deadlineMs: 1000 } });
    const { station } = all.test;
    const before = readdirSync(join(all.stateDir, "bundles"));
    await renderNormals(join(all.stateDir, "datasets", "default"), 10);
    const { job_id: id = "" } = await all.plant.ask("train.start");
    const job = () => all.plant.heard.json(`job/${id}`).at(-1);
    for (const kill of [1, 2]) {
      await until(`stage 2, before kill ${kill}`, () => job()?.stage === "student", 60_000);
      const { pid } = station.training;
      process.kill(pid ?? 0, "SIGKILL");
      await until("it is gone", () => !isAlive(pid));
      if (kill === 1) await until("it was started again", () => job()?.stage === "teacher", 30_000);
    }
    await until("the job has failed", () => job()?.state === "failed");
    expect(job()).toMatchObject({ error: { code: "trainer-died" } });
    expect(readdirSync(join(all.stateDir, "bundles"))).toEqual(before);
    expect(existsSync(join(all.stateDir, "jobs", "default"))).toBe(true); // its checkpoints
    await all.plant.more(5, scored);
    await station.stop();
    expectOneAnswerEach(all.plant.results(), all.test);
  });
});
