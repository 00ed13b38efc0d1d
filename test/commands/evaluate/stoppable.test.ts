import { describe, expect, it } from "vitest";
import { stoppable } from "../../../src/commands/evaluate/stoppable.ts";
import { InputError } from "../../../src/domain/errors.ts";

describe("stoppable", () => {
  it("ends with an error that is no wrong use, and listens no longer", async () => {
    const listeners = process.listenerCount("SIGTERM");
    const stopped = stoppable(async (signal) => {
      process.emit("SIGTERM", "SIGTERM");
      signal.throwIfAborted();
      return Promise.resolve();
    }).catch((error: unknown) => error);
    expect(await stopped).toMatchObject({ code: "interrupted" });
    expect(await stopped).not.toBeInstanceOf(InputError);
    expect(process.listenerCount("SIGTERM")).toBe(listeners);
  });
});
