import { setImmediate } from "node:timers/promises";
import type { Tell } from "../methods/method.ts";
import type { Work } from "./work.ts";

/** How work without steps of its own is told, and cancelled. */
export function tellerOf({ progress, signal }: Pick<Work, "progress" | "signal">): Tell {
  return async (message) => {
    progress.note(message);
    await setImmediate();
    signal.throwIfAborted();
  };
}
