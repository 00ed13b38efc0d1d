import { spawn, type ChildProcess } from "node:child_process";
import { createInterface } from "node:readline";
import { messageOf } from "../../domain/errors.ts";
import { Backoff } from "../../system/children.ts";
import type { FilterTimers } from "./filter.ts";
import { gpiomonArguments, gpiomonVersion, parseGpiomon, type GpioInput } from "./gpiomon.ts";
import type { TriggerEdge, TriggerSource } from "./trigger-source.ts";

export interface GpioEdgeOptions {
  readonly input: GpioInput;
  readonly timers: FilterTimers;
  /** CLOCK_MONOTONIC, ms: the clock of the kernel's time stamps. */
  readonly kernelMs?: () => number;
  /** `fault` has changed. */
  readonly onFault: () => void;
}

const FIRST_RETRY_MS = 250;
const LONGEST_RETRY_MS = 5000;
/** gpiomon 1 says nothing when it has the line, and ends within this time if it does not get it. */
const SETTLED_MS = 200;
/** More edges than this in a second are no parts but a loose wire: they would take the whole main process. */
const MOST_EDGES_PER_SECOND = 500;
/** An older time stamp is not of our clock. */
const OLDEST_EDGE_MS = 5000;
/** Of stderr, for the words of a fault. */
const STDERR_CHARACTERS = 300;

/**
 * Edges on an input line, seen by gpiomon (libgpiod 1 and 2) in a process that ends with ours, even after a SIGKILL, so that
 * the line is free again. A gpiomon that ends is started again, later each time; until then there is a fault.
 */
export class GpioEdge implements TriggerSource {
  readonly #options: GpioEdgeOptions;
  readonly #kernelMs: () => number;
  readonly #backoff = new Backoff(FIRST_RETRY_MS, LONGEST_RETRY_MS);
  #fire: ((edge: TriggerEdge) => void) | null = null;
  #fault: TriggerSource["fault"];
  #child: ChildProcess | null = null;
  #cancelWait: (() => void) | null = null;
  #second = { startMs: -Infinity, edges: 0 };

  constructor(options: GpioEdgeOptions) {
    this.#options = options;
    this.#kernelMs = options.kernelMs ?? (() => Number(process.hrtime.bigint()) / 1e6);
    this.#fault = this.#faultOf("it is not watched yet");
  }

  get fault(): TriggerSource["fault"] {
    return this.#fault;
  }

  start(fire: (edge: TriggerEdge) => void): void {
    const isWatching = this.#fire !== null;
    this.#fire = fire;
    if (!isWatching) void this.#watch();
  }

  async stop(): Promise<void> {
    this.#fire = null;
    this.#cancelWait?.();
    const child = this.#child;
    this.#child = null;
    if (child?.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((resolve) => {
      child.once("close", resolve);
    });
    child.kill("SIGKILL");
    await ended;
  }

  async #watch(): Promise<void> {
    try {
      const version = await gpiomonVersion();
      if (this.#isStopped() || this.#child !== null) return;
      this.#begin(version);
    } catch (error) {
      this.#lost(messageOf(error));
    }
  }

  /** A method, because a stop may come while we wait. */
  #isStopped(): boolean {
    return this.#fire === null;
  }

  #begin(version: number): void {
    const { input, timers } = this.#options;
    const watched = ["--pdeathsig", "KILL", "gpiomon", ...gpiomonArguments(input, version)];
    const child = spawn("setpriv", watched, { stdio: ["ignore", "pipe", "pipe"] });
    this.#child = child;
    let stderr = "";
    child.stderr.on("data", (chunk: Buffer) => {
      stderr = (stderr + chunk.toString()).slice(-STDERR_CHARACTERS);
    });
    createInterface({ input: child.stdout }).on("line", (line) => {
      if (child === this.#child) this.#hear(line);
    });
    const ended = (reason: string): void => {
      if (child === this.#child) this.#lost(reason);
    };
    child.once("error", (error) => {
      ended(error.message);
    });
    child.once("close", (code, signal) => {
      ended(stderr.trim() || `gpiomon ended with ${signal ?? `code ${code ?? "?"}`}`);
    });
    if (version >= 2) return; // its banner tells
    this.#cancelWait = timers.after(SETTLED_MS, () => {
      this.#watching();
    });
  }

  #hear(line: string): void {
    const word = parseGpiomon(line);
    if (word === null) return;
    this.#watching();
    if (word.kind !== "edge" || word.edge !== this.#options.input.edge) return;
    const now = this.#options.timers.now();
    if (this.#isStorm(now)) {
      this.#lost(`more than ${MOST_EDGES_PER_SECOND} edges came within a second: is a wire loose?`);
      return;
    }
    const ageMs = this.#kernelMs() - word.atMs;
    this.#fire?.({ at: ageMs >= 0 && ageMs <= OLDEST_EDGE_MS ? now - ageMs : now });
  }

  #isStorm(now: number): boolean {
    if (now - this.#second.startMs >= 1000) this.#second = { startMs: now, edges: 0 };
    this.#second.edges += 1;
    return this.#second.edges > MOST_EDGES_PER_SECOND;
  }

  #watching(): void {
    this.#cancelWait?.();
    this.#backoff.reset();
    this.#setFault(null);
  }

  /** The line is let go, and watched again after a while. */
  #lost(reason: string): void {
    this.#cancelWait?.();
    const child = this.#child;
    this.#child = null;
    child?.kill("SIGKILL");
    if (this.#isStopped()) return;
    this.#setFault(this.#faultOf(reason));
    this.#cancelWait = this.#options.timers.after(this.#backoff.next(), () => {
      void this.#watch();
    });
  }

  #faultOf(reason: string) {
    const { chip, line } = this.#options.input;
    return {
      code: "trigger-gpio",
      text: `Parts on line ${line} of ${chip} cannot be seen: ${reason}. Check trigger.chip and trigger.line (gpioinfo), the rights on /dev/gpiochip*, and that nobody else holds the line.`,
    };
  }

  #setFault(fault: TriggerSource["fault"]): void {
    if (fault?.text === this.#fault?.text) return;
    this.#fault = fault;
    this.#options.onFault();
  }
}
