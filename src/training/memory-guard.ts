import { readFileSync } from "node:fs";
import { TrainingError } from "../domain/errors.ts";

const CHECK_EVERY_MS = 250;

/**
 * Watches this process's resident memory and calls `onExceeded` once when it passes the limit. (RLIMIT_AS is no use:
 * TensorFlow reserves far more address space than it touches. Under systemd, MemoryMax holds besides.)
 */
export function guardMemory(
  limitMb: number,
  onExceeded: (error: TrainingError) => void,
): { stop: () => void } {
  const timer = setInterval(() => {
    const residentMb = residentBytes() / 2 ** 20;
    if (residentMb <= limitMb) return;
    clearInterval(timer);
    onExceeded(
      new TrainingError(
        "out-of-memory",
        `training uses ${Math.round(residentMb)} MB, more than training.memoryLimitMb = ${limitMb}; ` +
          `lower training.method.amplify.batch and distill.batch, or raise the limit`,
      ),
    );
  }, CHECK_EVERY_MS);
  timer.unref();
  return {
    stop: () => {
      clearInterval(timer);
    },
  };
}

/** Resident set of this process; `process.memoryUsage().rss` is the same figure but walks the heap too. */
function residentBytes(): number {
  try {
    const pages = Number(readFileSync("/proc/self/statm", "utf8").split(" ")[1]);
    return pages * 4096;
  } catch {
    return process.memoryUsage().rss;
  }
}
