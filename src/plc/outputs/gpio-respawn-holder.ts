import type { ChildProcess } from "node:child_process";
import { spawnHolder, type GpioHolder, type GpioHolderOptions } from "./gpio-holder.ts";

/** gpioset 1 says nothing when it has the line, and ends within this time, ms, if it does not get it. */
const SETTLED_MS = 15;
/** Becomes gpioset when a line with the value comes; ends with us otherwise. */
const PARKED = 'read -r value && exec gpioset --mode=wait "$@" "$0=$value"';

/**
 * libgpiod 1: gpioset knows one value only, so each order ends the holder and starts the next. That is quick because the next is
 * parked already: a shell that turns into gpioset at a word. In between (a few ms) the line is free: the wiring must pull it to
 * "not energised". `--mode=wait` ends at the end of its input, so no holder outlives us.
 */
export class GpioRespawnHolder implements GpioHolder {
  readonly #options: GpioHolderOptions;
  #parked: ChildProcess;
  #holding: ChildProcess | null = null;
  #cancelSettled: (() => void) | null = null;
  #ended = false;

  constructor(options: GpioHolderOptions) {
    this.#options = options;
    this.#parked = this.#park();
    this.#parked.once("spawn", () => {
      if (!this.#ended) options.onOpen();
    });
  }

  drive(energised: boolean): void {
    const last = this.#holding;
    if (last === null) {
      this.#take(energised);
      return;
    }
    this.#holding = null; // its end is wanted
    last.once("exit", () => {
      if (!this.#ended) this.#take(energised);
    });
    last.kill("SIGKILL");
  }

  release(): void {
    this.#end(null);
  }

  #take(energised: boolean): void {
    const holder = this.#parked;
    this.#holding = holder;
    holder.stdin?.write(`${energised ? 1 : 0}\n`);
    this.#cancelSettled = this.#options.clock.after(SETTLED_MS, () => {
      this.#parked = this.#park();
      this.#options.onDone();
    });
  }

  #park(): ChildProcess {
    const { chip, line, activeLow } = this.#options;
    const args = ["-c", PARKED, String(line), ...(activeLow ? ["--active-low"] : []), chip];
    const child: ChildProcess = spawnHolder("sh", args, (reason) => {
      if (child === this.#holding || child === this.#parked) this.#end(reason);
    });
    return child;
  }

  #end(reason: string | null): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#cancelSettled?.();
    this.#holding?.kill("SIGKILL");
    this.#parked.kill("SIGKILL");
    this.#options.onClosed(reason);
  }
}
