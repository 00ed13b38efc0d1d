import { fork, type ChildProcess } from "node:child_process";
import { createInterface } from "node:readline";
import { goAfterParent } from "./priority.ts";

/** How a child process ended. */
export interface ChildExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface ChildOptions<Out> {
  /** The TypeScript file that the child runs; an argument, so that tests can give a fake. */
  readonly entry: URL;
  readonly args?: readonly string[];
  /** Added to the parent's environment. */
  readonly env?: Readonly<Record<string, string>>;
  /** Node options of the child, e.g. `--max-old-space-size=256`. */
  readonly execArgv?: readonly string[];
  readonly onMessage: (message: Out) => void;
  readonly onExit: (exit: ChildExit) => void;
  /** Open descriptors of ours that the child gets as its numbers 4, 5 … */
  readonly descriptors?: readonly number[];
  /** Takes what the child writes to stderr, line by line; without it, it goes where the parent's does. */
  readonly onStderr?: (line: string) => void;
}

/**
 * One child process with typed messages (structured clone; typed arrays travel as they are). It does not restart by
 * itself: who owns it decides, in `onExit`. Every child must exit on "disconnect", so that none outlives its parent.
 */
export class Child<In, Out> {
  readonly #process: ChildProcess;
  #exited = false;

  constructor(options: ChildOptions<Out>) {
    this.#process = fork(options.entry, options.args ?? [], {
      serialization: "advanced",
      env: { ...process.env, ...options.env },
      execArgv: ["--disable-warning=ExperimentalWarning", ...(options.execArgv ?? [])],
      stdio: [
        "ignore",
        "inherit",
        options.onStderr ? "pipe" : "inherit",
        "ipc",
        ...(options.descriptors ?? []),
      ],
    });
    goAfterParent(this.#process.pid);
    if (options.onStderr && this.#process.stderr) {
      createInterface({ input: this.#process.stderr }).on("line", options.onStderr);
    }
    this.#process.on("message", (message) => {
      options.onMessage(message as Out);
    });
    this.#process.on("error", () => undefined); // a failed send after death; `exit` tells the rest
    this.#process.once("exit", (code, signal) => {
      this.#exited = true;
      options.onExit({ code, signal });
    });
  }

  get pid(): number | undefined {
    return this.#process.pid;
  }

  get alive(): boolean {
    return !this.#exited;
  }

  /** False if the child is gone: the message is lost. */
  send(message: In): boolean {
    if (this.#exited || !this.#process.connected) return false;
    return this.#process.send(message as object);
  }

  /** Ends it at once; works on a hung or stopped process too. */
  kill(signal: NodeJS.Signals = "SIGKILL"): void {
    if (!this.#exited) this.#process.kill(signal);
  }

  /** Closes the channel (the child is expected to exit), and kills it after `graceMs`. */
  async stop(graceMs = 2000): Promise<void> {
    if (this.#exited) return;
    // not `once(…)`: that rejects on "error", which Node emits when both sides close the channel at the same moment
    const exited = new Promise<void>((resolve) => {
      this.#process.once("exit", () => {
        resolve();
      });
    });
    if (this.#process.connected) this.#process.disconnect();
    const timer = setTimeout(() => {
      this.kill();
    }, graceMs);
    await exited;
    clearTimeout(timer);
  }
}

/** Delays between restarts: doubles from `firstMs` to `maxMs`; `reset` after a time of health. */
export class Backoff {
  readonly #firstMs: number;
  readonly #maxMs: number;
  #nextMs: number;

  constructor(firstMs: number, maxMs: number) {
    this.#firstMs = firstMs;
    this.#maxMs = maxMs;
    this.#nextMs = firstMs;
  }

  next(): number {
    const delay = this.#nextMs;
    this.#nextMs = Math.min(this.#nextMs * 2, this.#maxMs);
    return delay;
  }

  reset(): void {
    this.#nextMs = this.#firstMs;
  }
}

/**
 * The child's side: takes and sends typed messages; what is sent to a parent that has died is dropped (`onDisconnect`
 * follows).
 */
// eslint-disable-next-line @typescript-eslint/no-unnecessary-type-parameters -- callers name both sides of their protocol
export function parentPort<In, Out>(
  onMessage: (message: In) => void,
  onDisconnect: () => void,
): (message: Out) => void {
  process.on("message", (message) => {
    onMessage(message as In);
  });
  process.on("disconnect", onDisconnect);
  return (message) => {
    if (process.connected) process.send?.(message, undefined, undefined, () => undefined);
  };
}
