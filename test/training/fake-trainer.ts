import { appendFileSync, existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parentPort } from "../../src/system/children.ts";
import type { TrainingJob, TrainingReport, TrainingRequest } from "../../src/training/protocol.ts";

/** A training process that does what the job's recipe says; each start writes one line to `<jobDir>/../starts`. */

const send = parentPort<TrainingRequest, TrainingReport>(
  (request) => {
    if (request.type === "start") begin(request.job);
    else cancel();
  },
  () => process.exit(0),
);

let behaviour = "";

function begin(job: TrainingJob): void {
  behaviour = job.recipe;
  mkdirSync(job.jobDir, { recursive: true });
  appendFileSync(join(job.jobDir, "..", "starts"), `${job.id}\n`);
  const resumed = existsSync(join(job.jobDir, "checkpoint"));
  writeFileSync(join(job.jobDir, "checkpoint"), "");
  progress(0.5);
  if (behaviour === "starts-instantly") {
    send({ type: "instant", result: { ...resultOf(job), bundleId: `${job.id}-instant` } });
    end({ type: "completed", result: resultOf(job) });
  }
  if (behaviour === "completes" || (behaviour === "dies-once" && resumed)) {
    end({ type: "completed", result: resultOf(job) });
  }
  if (behaviour === "refuses") {
    send({ type: "instant", result: { ...resultOf(job), bundleId: `${job.id}-instant` } });
    end({ type: "failed", code: "no-teacher", message: "there is no teacher", isInput: true });
  }
  if (behaviour === "fails") end({ type: "failed", code: "nan-loss", message: "the loss became NaN" });
  if (behaviour === "dies" || (behaviour === "dies-once" && !resumed)) process.kill(process.pid, "SIGKILL");
  if (behaviour === "hangs-at-end") {
    send({ type: "completed", result: resultOf(job) });
    setInterval(() => undefined, 1000);
  }
}

function cancel(): void {
  if (behaviour === "waits") end({ type: "canceled" });
  if (behaviour === "dies-on-cancel") process.exit(1);
}

function end(report: TrainingReport): void {
  send(report);
  process.disconnect();
}

function progress(share: number): void {
  send({
    type: "progress",
    stage: "distill",
    progress: share,
    etaS: 1,
    message: "half",
    epoch: 1,
    epochs: 2,
    loss: 0.5,
  });
}

function resultOf(job: TrainingJob) {
  const falseRejectRate = { low: 0, high: 0.1 };
  return {
    bundleId: job.id,
    bundleDir: "",
    threshold: 1,
    alsoFor: [],
    parityMaxAbs: 0,
    dataSetHash: "",
    trainSeconds: 1,
    images: 20,
    falseRejectRate,
    choice: null,
  };
}
