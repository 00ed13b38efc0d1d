import type { Logger } from "pino";
import { EXIT_CODES } from "../domain/errors.ts";

/** A part of the program that lives. Its constructor does no work. */
export interface Service {
  readonly name: string;
  readonly start: () => Promise<void>;
  /** May be called after a `start` that failed. */
  readonly stop: () => Promise<void>;
}

/** What a lifecycle needs of a process; tests give an EventEmitter. */
export interface ProcessEvents {
  on(event: "SIGTERM" | "SIGINT", listener: () => void): unknown;
  on(event: "uncaughtException" | "unhandledRejection", listener: (error: unknown) => void): unknown;
  off(event: string, listener: (error: unknown) => void): unknown;
}

export interface LifecycleOptions {
  /** In the order of their start; they stop in reverse. */
  readonly services: readonly Service[];
  readonly logger: Logger;
  readonly process: ProcessEvents;
  /** Ends the process at once: at a second signal, or when a service does not stop or fails to. */
  readonly exit: (code: number) => void;
  /** All services together may take this long to stop; then the process ends as failed. */
  readonly stopTimeoutMs?: number;
  readonly onStopping?: () => void;
}

/** SIGTERM is clean within 3 s (promise R24). */
const STOP_TIMEOUT_MS = 3000;

/**
 * Starts the services in order and waits for SIGTERM, SIGINT, an unexpected error or `signal`; then stops what was
 * started in reverse order. A second signal ends the process at once (128 + its number).
 * @returns the exit code: 0 after a signal, 1 after an unexpected error or a stop that failed.
 * @throws the error of a service that did not start, after the others were stopped.
 */
export async function runServices(options: LifecycleOptions, signal?: AbortSignal): Promise<number> {
  const started: Service[] = [];
  const ending = waitForEnd(options, signal);
  try {
    for (const service of options.services) {
      started.push(service);
      await Promise.race([service.start(), ending.promise]);
      if (ending.code() !== null) break;
      options.logger.debug({ service: service.name }, "started");
    }
    const code = await ending.promise;
    const stopped = await stopAll(started, options);
    if (stopped) return code;
    options.exit(EXIT_CODES.failed); // what still runs would keep the process alive
    return EXIT_CODES.failed;
  } catch (error) {
    await stopAll(started, options);
    throw error;
  } finally {
    ending.release();
  }
}

interface Ending {
  readonly promise: Promise<number>;
  /** Null while nothing asked for the end. */
  readonly code: () => number | null;
  readonly release: () => void;
}

function waitForEnd(options: LifecycleOptions, signal: AbortSignal | undefined): Ending {
  const { promise, resolve } = Promise.withResolvers<number>();
  let ended: number | null = null;
  const end = (code: number): void => {
    ended ??= code;
    resolve(ended);
  };
  const onSignal = (name: string, number: number) => (): void => {
    if (ended !== null) {
      options.logger.warn({ signal: name }, "second signal: ending at once");
      options.exit(128 + number);
      return;
    }
    options.logger.info({ signal: name }, "stopping");
    end(EXIT_CODES.ok);
  };
  const onError = (error: unknown): void => {
    options.logger.fatal({ err: error }, "unexpected error; stopping");
    end(EXIT_CODES.failed);
  };
  const onAbort = (): void => {
    end(EXIT_CODES.ok);
  };
  const onTerm = onSignal("SIGTERM", 15);
  const onInt = onSignal("SIGINT", 2);
  options.process.on("SIGTERM", onTerm);
  options.process.on("SIGINT", onInt);
  options.process.on("uncaughtException", onError);
  options.process.on("unhandledRejection", onError);
  if (signal?.aborted === true) onAbort();
  signal?.addEventListener("abort", onAbort, { once: true });
  return {
    promise,
    code: () => ended,
    release: () => {
      options.process.off("SIGTERM", onTerm);
      options.process.off("SIGINT", onInt);
      options.process.off("uncaughtException", onError);
      options.process.off("unhandledRejection", onError);
      signal?.removeEventListener("abort", onAbort);
    },
  };
}

/** False if a service failed to stop or all together took too long. */
async function stopAll(started: readonly Service[], options: LifecycleOptions): Promise<boolean> {
  options.onStopping?.();
  let current = "";
  const stopping = async (): Promise<boolean> => {
    let clean = true;
    for (const service of started.toReversed()) {
      current = service.name;
      try {
        await service.stop();
      } catch (error) {
        clean = false;
        options.logger.error({ err: error, service: service.name }, "could not be stopped");
      }
    }
    return clean;
  };
  const limitMs = options.stopTimeoutMs ?? STOP_TIMEOUT_MS;
  const { promise: late, resolve } = Promise.withResolvers<boolean>();
  const timer = setTimeout(() => {
    options.logger.error({ service: current, limitMs }, "did not stop in time; giving up");
    options.exit(EXIT_CODES.failed); // also while an error of the start waits to be told
    resolve(false);
  }, limitMs);
  const clean = await Promise.race([stopping(), late]);
  clearTimeout(timer);
  return clean;
}
