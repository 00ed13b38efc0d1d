import { mkdir, rm, symlink } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import { TrainingError } from "../../domain/errors.ts";
import type { JobProgress, JobResult } from "../../domain/job.ts";
import type { TrainingJob } from "../../training/protocol.ts";
import { TrainingSupervisor } from "../../training/supervisor.ts";
import { memoryOf } from "../bench/memory.ts";

const ENTRY = new URL("../../training/process.ts", import.meta.url);
const SAMPLE_EVERY_MS = 250;

export interface TrainedCell {
  readonly result: JobResult;
  /** Highest resident memory of the training process, MB; null where the system does not say. */
  readonly peakMb: number | null;
}

/** Of a name that is kept for messages: with four bytes a letter and the number it stays below a file system's 255. */
const NAME_LETTERS = 60;

/** Puts links to the pictures into a folder of their own, as a training takes them. */
export async function stageNormals(folder: string, files: readonly string[]): Promise<void> {
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  for (const [at, file] of files.entries())
    await symlink(
      resolve(file),
      join(folder, `${String(at).padStart(6, "0")}-${basename(file).slice(-NAME_LETTERS)}`),
    );
}

/**
 * Trains as `assayd train` does, in a process of its own.
 * @throws TrainingError as the job says; the signal's reason when stopped
 */
export async function trainCell(
  job: TrainingJob,
  hooks: { readonly signal: AbortSignal; readonly onProgress: (progress: JobProgress) => void },
): Promise<TrainedCell> {
  let peakMb: number | null = null;
  const supervisor = new TrainingSupervisor({
    entry: ENTRY,
    now: Date.now,
    onChange: ({ state, progress }) => {
      if (state === "running" && progress) hooks.onProgress(progress);
    },
  });
  const sampler = setInterval(() => {
    peakMb = memoryOf(supervisor.pid ?? 0)?.peakMb ?? peakMb;
  }, SAMPLE_EVERY_MS);
  const onAbort = (): void => {
    if (supervisor.running) supervisor.cancel();
  };
  hooks.signal.addEventListener("abort", onAbort);
  try {
    hooks.signal.throwIfAborted();
    supervisor.start(job);
    const { result, error, state } = await supervisor.finished;
    hooks.signal.throwIfAborted();
    if (!result) throw new TrainingError(error?.code ?? state, error?.message ?? `training was ${state}`);
    return { result, peakMb };
  } finally {
    hooks.signal.removeEventListener("abort", onAbort);
    clearInterval(sampler);
    await supervisor.stop();
  }
}
