import { readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { cameraStateSchema, countersSchema } from "../../src/messaging/schemas/camera.ts";
import {
  healthSchema,
  infoSchema,
  jobSchema,
  stateSchema,
  type JobMessage,
} from "../../src/messaging/schemas/station.ts";
import { until } from "../messaging/plant.ts";
import { taughtNothingState, trainedState } from "./quick-state.ts";
import { expectOneAnswerEach, isAlive, Plant, startStation } from "./test-station.ts";

const GOOD_PARTS = { source: { kind: "simulated", fps: 5, defectShare: 0 }, deadlineMs: 1000 } as const;
const TEACH = 12;

async function trained(plant: Plant): Promise<{ job: JobMessage; all: JobMessage[] }> {
  const { status, job_id: id = "" } = await plant.ask("train.start");
  expect(status).toBe("accepted");
  const messages = (): JobMessage[] => plant.heard.json(`job/${id}`).map((json) => jobSchema.parse(json));
  await until("the job has ended", () => (messages().at(-1)?.ended ?? null) !== null, 120_000);
  const all = messages();
  const job = all.at(-1);
  if (!job) throw new Error("no job");
  return { job, all };
}

describe("a station driven over MQTT alone", () => {
  it("is taught from nothing, judges, is taught again while it inspects 5 parts/s, and goes back", async () => {
    const stateDir = await taughtNothingState();
    const test = await startStation({ stateDir, camera: GOOD_PARTS });
    const plant = await Plant.at(test.station.brokerUrl);

    const untaught = await plant.more(3);
    for (const result of untaught) {
      expect(result).toMatchObject({ verdict: "ERR", reason: "not_ready", action: "reject", score: null });
      expect(result.detail).toMatch(/no trained model yet.*collect\.start.*train\.start/);
    }
    expect(await plant.ask("threshold.set", { reject: 1 })).toMatchObject({
      status: "error",
      error: { code: "no-model" },
    });

    expect((await plant.ask("collect.start", { count: TEACH, reset: true })).data).toEqual({
      collected: 0,
      wanted: TEACH,
    });
    expect(await plant.ask("collect.start", { count: 1 })).toMatchObject({ error: { code: "collecting" } });
    await plant.more(TEACH + 3);
    expect((await plant.ask("collect.stop")).data).toEqual({ collected: TEACH, dropped: 0, error: null });
    expect(readdirSync(join(stateDir, "datasets", "default"))).toHaveLength(TEACH);

    const first = await trained(plant);
    expect(first.job).toMatchObject({
      state: "completed",
      progress: 100,
      error: null,
      data_set: { images: TEACH },
    });
    expect(first.job.result?.parity_max_abs).toBeLessThanOrEqual(1e-3);
    const shares = first.all.map(({ progress }) => progress);
    expect(shares).toEqual([...shares].sort((a, b) => a - b));
    // a retained topic tells the newest: stages of a few milliseconds may go by between two messages
    const stages = first.all.map(({ stage }) => stage).filter((stage) => stage !== null);
    const order = ["teacher", "student", "calibrate", "export", "parity"];
    expect(stages.map((stage) => order.indexOf(stage))).toEqual(
      stages.map((stage) => order.indexOf(stage)).sort((a, b) => a - b),
    );
    expect(new Set(stages)).toEqual(new Set(order.filter((stage) => stages.includes(stage))));
    expect(stages).toEqual(expect.arrayContaining(["teacher", "student"]));
    const [judged] = await plant.more(2, ({ reason }) => reason === "score");
    expect(judged).toMatchObject({ model: { id: first.job.id }, threshold: expect.any(Number) as number });

    await plant.ask("threshold.set", { reject: -1000 });
    const [rejected] = await plant.more(1, ({ threshold }) => threshold === -1000);
    expect(rejected).toMatchObject({ verdict: "NG", action: "reject" });
    await plant.ask("threshold.set", { reject: 1000, warn: -1000 });
    const [warned] = await plant.more(1, ({ threshold }) => threshold === 1000);
    expect(warned).toMatchObject({ verdict: "WARN", action: "pass", warn_threshold: -1000 });
    expect(plant.heard.json("event").filter(({ kind }) => kind === "threshold.set")).toHaveLength(2);

    const snapshot = await plant.ask("snapshot");
    expect(snapshot).toMatchObject({ status: "ok", data: { topic: "assay/v1/st1/cam/cam1/image/frame" } });
    await until("the picture", () => plant.heard.on("cam/cam1/image/frame").length > 0);
    const jpeg = Buffer.from(plant.heard.on("cam/cam1/image/frame")[0]?.packet.payload ?? "");
    expect([...jpeg.subarray(0, 2)]).toEqual([0xff, 0xd8]);

    expect(await plant.ask("model.rollback")).toMatchObject({
      status: "error",
      error: { code: "no-parent" },
    });
    const from = test.verdicts.length;
    const second = await trained(plant);
    expect(second.job.state).toBe("completed");
    await plant.more(2, ({ model }) => model.id === second.job.id);
    const meanwhile = test.verdicts.slice(from);
    expect(meanwhile.length).toBeGreaterThan(5);
    expect(meanwhile.filter(({ reason }) => reason !== "score")).toEqual([]); // 0 missed deadlines, 0 lost parts

    expect((await plant.ask("model.rollback")).data).toEqual({ model_id: first.job.id });
    await plant.more(1, ({ model, threshold }) => model.id === first.job.id && threshold === 1000); // and its own limits
    expect((await plant.ask("model.promote", { id: second.job.id })).data).toEqual({
      model_id: second.job.id,
    });
    await plant.more(1, ({ model }) => model.id === second.job.id);
    expect(await plant.ask("model.promote", { id: "never-made" })).toMatchObject({
      error: { code: "bundle-missing" },
    });

    await test.station.stop();
    expectOneAnswerEach(plant.results(), test);
  });

  it("tells a late subscriber how things are: state, info, health, camera, counters, last result", async () => {
    const { station } = await startStation({ stateDir: await trainedState(), camera: GOOD_PARTS });
    const early = await Plant.at(station.brokerUrl);
    await early.more(5, ({ reason }) => reason === "score");
    const late = await Plant.at(station.brokerUrl);
    const topics = ["state", "info", "health", "cam/cam1/state", "cam/cam1/counters", "cam/cam1/result/last"];
    for (const topic of topics) await until(topic, () => late.heard.on(topic).length > 0);
    expect(stateSchema.parse(late.heard.json("state")[0]).state).toBe("online");
    const info = infoSchema.parse(late.heard.json("info")[0]);
    expect(info).toMatchObject({ station: "st1", cameras: [{ name: "cam1", source: "simulated" }] });
    expect(info.commands).toContain("train.start");
    expect(healthSchema.parse(late.heard.json("health")[0]).memory_bytes).toBeGreaterThan(0);
    const camera = cameraStateSchema.parse(late.heard.json("cam/cam1/state").at(-1));
    expect(camera).toMatchObject({
      ready: true,
      fault: null,
      vision_state: "ContinuousExecution",
      model: { engine: "cpu" },
    });
    expect(countersSchema.parse(late.heard.json("cam/cam1/counters")[0]).triggers).toBeGreaterThanOrEqual(5);
    expect(late.heard.json("cam/cam1/result/last")[0]?.seq).toBeGreaterThanOrEqual(4);
  });

  it("stops and starts on command; a trigger meanwhile is answered not_ready", async () => {
    const test = await startStation({ stateDir: await trainedState(), camera: GOOD_PARTS });
    const plant = await Plant.at(test.station.brokerUrl);
    await plant.more(2);
    expect((await plant.ask("stop")).data).toEqual({ cameras: ["cam1"] });
    const halted = test.station.line("cam1").lastSeq;
    const answer = await plant.ask("trigger", { part_id: "p9" });
    expect(answer.data).toMatchObject({
      verdict: "ERR",
      action: "reject",
      reason: "not_ready",
      seq: halted + 1,
    });
    expect(cameraStateSchema.parse(plant.heard.json("cam/cam1/state").at(-1))).toMatchObject({
      ready: false,
      vision_state: "Initialized",
    });
    expect(test.station.line("cam1").lastSeq).toBe(halted + 1);
    await plant.ask("start", { camera: "cam1" });
    await plant.more(2, ({ reason }) => reason === "score");
    await test.station.stop();
    expect(plant.heard.json("state").at(-1)).toMatchObject({ state: "stopped" });
    expectOneAnswerEach(plant.results(), test);
  });

  it("inspects a part on command, once however often the same command comes, and none by itself", async () => {
    const camera = { ...GOOD_PARTS, trigger: { kind: "command" } } as const;
    const test = await startStation({ stateDir: await trainedState(), camera });
    const plant = await Plant.at(test.station.brokerUrl);
    await until("the camera plays", () => test.station.ready);
    const command = { part_id: "p1", trigger_id: "t1" };
    const first = await plant.ask("trigger", command);
    expect(first).toMatchObject({ status: "ok", data: { reason: "score", seq: 1 } });
    const again = await plant.ask("trigger", JSON.stringify({ ...command, transaction: first.transaction }));
    expect(again.data).toEqual(first.data);
    await plant.ask("trigger");
    await until("results", () => plant.results().length === 2);
    expect(plant.results()[0]).toMatchObject({
      part_id: "p1",
      trigger_id: "t1",
      inspection_id: first.data.inspection_id,
    });
    expect(test.verdicts).toHaveLength(2);
  });

  it("answers unknown and malformed commands in words and goes on inspecting", async () => {
    const { station } = await startStation({ stateDir: await trainedState(), camera: GOOD_PARTS });
    const plant = await Plant.at(station.brokerUrl);
    const code = async (name: string, params: object | string) => (await plant.ask(name, params)).error?.code;
    expect(await code("explode", {})).toBe("unknown-command");
    expect(await code("threshold.set", { reject: "high" })).toBe("bad-parameters");
    expect(await code("threshold.set", { reject: 1, colour: "red" })).toBe("bad-parameters");
    expect(await code("trigger", "{not json")).toBe("bad-json");
    expect(await code("trigger", "[1,2]")).toBe("bad-json");
    expect(await code("trigger", { camera: "cam9" })).toBe("unknown-camera");
    expect(await code("model.promote", { id: "../../etc" })).toBe("bad-parameters");
    expect(await code("train.cancel", {})).toBe("no-job");
    expect(await code("train.start", {})).toBeUndefined(); // accepted: that there are no pictures is the job's end
    await until(
      "the job has failed",
      () => plant.heard.messages.some(({ text }) => text.includes("folder-missing")),
      60_000,
    );
    await plant.more(2, ({ reason }) => reason === "score");
  });

  it("ends all its processes when it stops", async () => {
    const { station } = await startStation({ stateDir: await trainedState(), camera: GOOD_PARTS });
    const { camera, inspector } = station.line("cam1");
    await until("both run", () => station.ready);
    const pids = [camera.status.pid, inspector.status.pid];
    expect(pids.every(isAlive)).toBe(true);
    await station.stop();
    expect(pids.some(isAlive)).toBe(false);
  });
});
