import { AssaydError } from "../../domain/errors.ts";

/** Runs until done, Ctrl-C or SIGTERM. @throws AssaydError `interrupted`: nobody called it wrongly */
export async function stoppable<T>(run: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const stop = new AbortController();
  const onInterrupt = (): void => {
    stop.abort(
      new AssaydError("interrupted", "The evaluation was stopped; what was not finished was not written."),
    );
  };
  process.once("SIGINT", onInterrupt).once("SIGTERM", onInterrupt);
  try {
    return await run(stop.signal);
  } finally {
    process.off("SIGINT", onInterrupt).off("SIGTERM", onInterrupt);
  }
}
