import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { messageOf } from "../../domain/errors.ts";
import { Backoff } from "../../system/children.ts";
import type { Clock } from "../reject/precise-timer.ts";
import type { GpioHolder, GpioHolderOptions, GpioLine } from "./gpio-holder.ts";
import { GpioInteractiveHolder } from "./gpio-interactive-holder.ts";
import { GpioRespawnHolder } from "./gpio-respawn-holder.ts";
import { NewestOrder } from "./newest-order.ts";
import type { OutputEvents, OutputFault, RejectOutput } from "./reject-output.ts";

export interface GpioOptions extends GpioLine, OutputEvents {
  readonly clock: Clock;
}

/** gpioset answers in a few ms; on a machine that is overloaded for this long, the line is let go. */
const ANSWER_MS = 200;
const FIRST_RETRY_MS = 250;
const LONGEST_RETRY_MS = 5000;
const LAST_WORD_MS = 500;

/** A GPIO line, held by gpioset. Free, it is not energised (given a pull resistor): when we die, stop, or gpioset hangs. */
export class GpioOutput implements RejectOutput {
  readonly #options: GpioOptions;
  readonly #orders: NewestOrder;
  readonly #backoff = new Backoff(FIRST_RETRY_MS, LONGEST_RETRY_MS);
  #holder: GpioHolder | null = null;
  #fault: OutputFault | null;
  #cancelRetry: (() => void) | null = null;
  #stopped = false;

  constructor(options: GpioOptions) {
    this.#options = options;
    this.#fault = this.#faultOf("output-unreachable", "it is not held yet");
    this.#orders = new NewestOrder({
      carryOut: (energised) => this.#holder?.drive(energised),
      depth: 1,
      timeoutMs: ANSWER_MS,
      onTimeout: () => {
        this.#lost(this.#faultOf("output-hung", `gpioset did not answer within ${ANSWER_MS} ms`));
      },
      clock: options.clock,
    });
  }

  get energised(): boolean | null {
    return this.#orders.known;
  }

  get fault(): OutputFault | null {
    return this.#fault;
  }

  get overtaken(): number {
    return this.#orders.overtaken;
  }

  start(): void {
    void this.#hold();
  }

  set(energised: boolean): void {
    this.#orders.want(energised);
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#cancelRetry?.();
    await this.#orders.settle(LAST_WORD_MS);
    this.#orders.close();
    this.#holder?.release();
    this.#holder = null;
  }

  async #hold(): Promise<void> {
    try {
      const version = await gpiosetVersion();
      if (!this.#stopped) this.#holder = this.#createHolder(version);
    } catch (error) {
      if (!this.#stopped) this.#lost(this.#faultOf("output-unreachable", messageOf(error)));
    }
  }

  #createHolder(version: number): GpioHolder {
    const options: GpioHolderOptions = {
      ...this.#options,
      onOpen: () => {
        this.#orders.open(null);
      },
      onDone: () => {
        this.#backoff.reset();
        this.#orders.done();
        this.#setFault(null);
      },
      onClosed: (reason) => {
        if (reason !== null) this.#lost(this.#faultOf("output-unreachable", reason));
      },
    };
    return version >= 2 ? new GpioInteractiveHolder(options) : new GpioRespawnHolder(options);
  }

  /** The line is let go, and taken again after a while. */
  #lost(fault: OutputFault): void {
    const holder = this.#holder;
    this.#holder = null;
    holder?.release();
    this.#orders.close();
    if (this.#stopped) return;
    this.#setFault(fault);
    this.#cancelRetry?.();
    this.#cancelRetry = this.#options.clock.after(this.#backoff.next(), () => {
      void this.#hold();
    });
  }

  #faultOf(code: OutputFault["code"], reason: string): OutputFault {
    const { chip, line } = this.#options;
    return {
      code,
      text: `The reject output on line ${line} of ${chip} does not obey: ${reason}. Check reject.chip and reject.line (gpioinfo), the rights on /dev/gpiochip*, and that nobody else holds the line.`,
    };
  }

  #setFault(fault: OutputFault | null): void {
    if (fault?.text === this.#fault?.text) return;
    this.#fault = fault;
    this.#options.onFault(fault);
  }
}

/** Major version of the installed libgpiod. @throws Error if there is none */
async function gpiosetVersion(): Promise<number> {
  const { stdout } = await promisify(execFile)("gpioset", ["--version"], { timeout: 5000 });
  const major = /\bv?(\d+)\.\d+/.exec(stdout)?.[1];
  if (major === undefined) throw new Error(`gpioset does not tell its version but "${stdout.slice(0, 80)}"`);
  return Number(major);
}
