import { setPriority } from "node:os";
import { writeFileSync } from "node:fs";
import { AssaydError, InputError, TrainingError, messageOf } from "../domain/errors.ts";
import { armFailpoints } from "../system/failpoints.ts";
import { parentPort } from "../system/children.ts";
import type { TrainingJob, TrainingReport, TrainingRequest } from "./protocol.ts";
import { guardMemory } from "./memory-guard.ts";
import { runTraining } from "./run.ts";
import { importModel } from "../torch-import/import-model.ts";

/** Entry of the training process: one job, then the end. Niced and memory-capped, so that inspection goes on beside it. */

armFailpoints(process.env.ASSAYD_FAILPOINTS);

const cancellation = new AbortController();

const send = parentPort<TrainingRequest, TrainingReport>(
  (request) => {
    if (request.type === "cancel") cancellation.abort();
    else void work(request.job);
  },
  () => {
    process.exit(0);
  },
);

async function work(job: TrainingJob): Promise<void> {
  yieldToInspection(job);
  const guard = guardMemory(job.memoryLimitMb, (error) => {
    cancellation.abort(error);
  });
  try {
    const make = job.published ? importModel : runTraining;
    const result = await make(job, {
      signal: cancellation.signal,
      report: (progress) => {
        send({ type: "progress", ...progress });
      },
      onInstant: (result) => {
        send({ type: "instant", result });
      },
    });
    send({ type: "completed", result });
  } catch (error) {
    send(endOf(error, job));
  } finally {
    guard.stop();
    process.disconnect();
  }
}

/** Lowest CPU priority, and the first to go when the kernel runs out of memory. */
function yieldToInspection(job: TrainingJob): void {
  setPriority(job.nice);
  try {
    writeFileSync("/proc/self/oom_score_adj", "800");
  } catch {
    // not Linux, or not allowed: the memory guard still holds
  }
}

function endOf(error: unknown, job: TrainingJob): TrainingReport {
  const cause: unknown = cancellation.signal.aborted ? cancellation.signal.reason : error;
  if (cause instanceof DOMException && cause.name === "AbortError") return { type: "canceled" };
  if (cause instanceof AssaydError) {
    const { code, message } = cause;
    return { type: "failed", code, message, isInput: cause instanceof InputError };
  }
  const known = diskOrMemory(cause, job);
  return {
    type: "failed",
    code: known?.code ?? "training-failed",
    message: known?.message ?? messageOf(cause),
  };
}

function diskOrMemory(error: unknown, job: TrainingJob): TrainingError | null {
  const code = (error as NodeJS.ErrnoException | null)?.code;
  if (code === "ENOSPC" || code === "EDQUOT") {
    return new TrainingError(
      "disk-full",
      `the disk with ${job.jobDir} is full (${code}); free some space and start the training again. The active model is untouched`,
    );
  }
  if (/alloc|out of memory|\bOOM\b|resource exhausted/i.test(messageOf(error))) {
    return new TrainingError(
      "out-of-memory",
      `training ran out of memory (${messageOf(error)}); lower training.method.amplify.batch and distill.batch`,
    );
  }
  return null;
}
