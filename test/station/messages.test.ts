import { describe, expect, it } from "vitest";
import { configSchema } from "../../src/config/schema.ts";
import { STAGES, type JobState } from "../../src/domain/job.ts";
import { cameraStateMessage, healthMessage, infoMessage, jobMessage } from "../../src/station/messages.ts";
import { faultOf, lineTotals, lineView } from "../../src/station/line-view.ts";
import { cameraStateSchema } from "../../src/messaging/schemas/camera.ts";
import { healthSchema, infoSchema, jobSchema } from "../../src/messaging/schemas/station.ts";
import { createJob } from "../../src/training/job.ts";
import type { JobStatus } from "../../src/training/supervisor.ts";
import { testLine, type TestLine } from "../inspection/line-fixture.ts";

const TS = "2026-01-01T00:00:00.000Z";
const job = createJob(configSchema.parse({}), {
  recipe: "default",
  normalsDir: "normals",
  alsoFor: [],
  parent: null,
  now: new Date(TS),
});
const RESULT = {
  bundleId: job.id,
  bundleDir: "",
  threshold: 1,
  alsoFor: [],
  parityMaxAbs: 1e-5,
  dataSetHash: "d5",
  trainSeconds: 9,
  images: 20,
  falseRejectRate: { low: 0, high: 0.1 },
  choice: null,
};

function statusOf(state: JobState, changes: Partial<JobStatus> = {}): JobStatus {
  return {
    job,
    state,
    progress: null,
    instant: null,
    result: null,
    error: null,
    startedAt: 0,
    endedAt: null,
    ...changes,
  };
}

/** What is published of a line, checked by its schema. */
function published({ line }: TestLine) {
  const known = faultOf(line);
  const fault = known && { source: line.name, ...known, since: TS };
  const view = lineView(line, {
    manifest: null,
    fault,
    warnings: [],
    totals: lineTotals([]),
    training: false,
    configHash: "abc",
  });
  const { provider } = line.inspector.status;
  const message = cameraStateMessage(view, { seq: line.lastSeq, manifest: null, provider });
  return cameraStateSchema.parse(JSON.parse(JSON.stringify({ schema: "1.0", ts: TS, ...message })));
}

describe("jobMessage", () => {
  it("fits the published schema in every stage", () => {
    for (const [index, stage] of STAGES.entries()) {
      const progress = {
        stage,
        progress: index / STAGES.length,
        etaS: 3,
        message: "m",
        epoch: 1,
        epochs: 2,
        loss: 0.5,
      };
      const message = jobSchema.parse(jobMessage(statusOf("running", { progress }), "cam1", "me"));
      expect(message).toMatchObject({ state: "running", eta_s: 3, message: "m", ended: null, by: "me" });
      expect(message.progress).toBeCloseTo((100 * index) / STAGES.length, 1);
    }
    expect(jobSchema.parse(jobMessage(statusOf("running"), "cam1", null)).message).toBe("starting");
  });

  it("fits the published schema at every end", () => {
    const completed = jobMessage(statusOf("completed", { result: RESULT, endedAt: 9000 }), "cam1", null);
    expect(jobSchema.parse(completed)).toMatchObject({
      progress: 100,
      eta_s: null,
      result: { model_id: job.id, parity_max_abs: 1e-5 },
      data_set: { images: 20, hash: "d5" },
      started: "1970-01-01T00:00:00.000Z",
      ended: "1970-01-01T00:00:09.000Z",
    });
    const chosen = statusOf("completed", { result: { ...RESULT, choice: "rd is deployed" }, endedAt: 9000 });
    expect(jobSchema.parse(jobMessage(chosen, "cam1", null)).message).toBe("completed: rd is deployed");
    const error = { code: "nan-loss", message: "the loss became NaN" };
    const failed = jobMessage(statusOf("failed", { error, endedAt: 1 }), "cam1", null);
    expect(jobSchema.parse(failed)).toMatchObject({ error, message: error.message, result: null });
    expect(jobSchema.parse(jobMessage(statusOf("canceled", { endedAt: 1 }), "cam1", null)).message).toBe(
      "canceled",
    );
  });
});

describe("cameraStateMessage", () => {
  it("is ready only while camera plays, model judges and the line runs, and says what is missing otherwise", async () => {
    const test = testLine();
    test.line.beginTriggering();
    expect(published(test)).toMatchObject({
      ready: false,
      vision_state: "Initialized",
      fault: { code: "no-model" },
    });
    await test.line.load("/bundles/a", "a", { reject: 1, warn: null });
    expect(published(test)).toMatchObject({
      ready: true,
      vision_state: "ContinuousExecution",
      fault: null,
      seq: 40,
    });
    test.line.endTriggering();
    expect(published(test)).toMatchObject({ ready: false, vision_state: "Initialized", fault: null });
    test.line.beginTriggering();
    test.camera.status = { ...test.camera.status, frozen: true, state: "frozen" };
    expect(published(test)).toMatchObject({
      ready: false,
      vision_state: "Error",
      fault: { code: "camera-frozen" },
    });
    test.camera.status = {
      ...test.camera.status,
      connected: false,
      state: "stalled",
      message: "no frame for 2000 ms",
    };
    expect(published(test)).toMatchObject({
      fault: { code: "camera-stalled", text: "no frame for 2000 ms" },
    });
  });

  it("is ready for commands when parts come by command", async () => {
    const test = testLine({ trigger: { kind: "command" } });
    await test.line.load("/bundles/a", "a", { reject: 1, warn: null });
    test.line.beginTriggering();
    expect(published(test)).toMatchObject({ ready: true, vision_state: "Ready" });
  });
});

describe("infoMessage and healthMessage", () => {
  it("fit the published schemas", () => {
    const recipe = { id: "default", number: 3, version: null, hash: "abc" };
    const info = infoMessage(configSchema.parse({}), [recipe], ["start"]);
    expect(infoSchema.parse({ schema: "1.0", ts: TS, station: "s", sw: "1", ...info })).toMatchObject({
      cameras: [{ name: "cam1", source: "simulated", recipe: "default" }],
      recipes: [recipe],
    });
    const { line } = testLine();
    const fault = { source: "cam1", code: "no-model", text: "none", since: TS };
    const machine = { cpu: 0.5, gpu: null, temperatureC: 51, throttled: false, diskFreeBytes: 7 };
    const health = healthMessage([line], [fault], machine);
    expect(healthSchema.parse({ ts: TS, mqtt_queued: 0, ...health })).toMatchObject({
      cpu: 0.5,
      temp_c: 51,
      disk_free_bytes: 7,
      fault: { code: "no-model", since: TS },
      restarts: { "capture:cam1": 2, "inference:cam1": 3 },
    });
  });
});
