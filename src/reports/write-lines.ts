import { once } from "node:events";
import type { Writable } from "node:stream";
import { setImmediate } from "node:timers/promises";

const LINES_A_TURN = 1000; // a pipe is written synchronously: its end is only heard between turns

/**
 * Writes text of any length and waits for a slow reader, so that memory does not grow. Ends quietly if the reader goes away
 * (`| head`). @throws what else the stream fails with
 */
export async function writeLines(lines: Iterable<string>, out: Writable): Promise<void> {
  const end: { failure: Error | null } = { failure: null };
  const failed = (error: Error): void => {
    end.failure = error;
  };
  out.on("error", failed);
  const gone = once(out, "close").then(
    () => undefined,
    () => undefined,
  );
  let written = 0;
  for (const line of lines) {
    if (out.destroyed || end.failure !== null) break;
    const more = out.write(line);
    written += 1;
    if (!more) await Promise.race([once(out, "drain").catch(() => undefined), gone]);
    else if (written % LINES_A_TURN === 0) await setImmediate();
  }
  await setImmediate(); // the last write may have failed
  out.off("error", failed);
  if (end.failure !== null && (end.failure as NodeJS.ErrnoException).code !== "EPIPE") throw end.failure;
}
