import type { Clock } from "../reject/precise-timer.ts";

export interface NewestOrderOptions {
  /** Hands one order to the device; `done` follows. */
  readonly carryOut: (energised: boolean) => void;
  /** No `done` for this long, ms: the device hangs. */
  readonly timeoutMs: number;
  readonly onTimeout: () => void;
  readonly clock: Clock;
}

/** Orders for a slow device: one at a time and in order; of those that wait, only the newest is carried out. */
export class NewestOrder {
  readonly #options: NewestOrderOptions;
  #wanted: boolean | null = null;
  #underWay: boolean | null = null;
  #known: boolean | null = null;
  #open = false;
  #overtaken = 0;
  #onSettled: (() => void) | null = null;
  #cancelTimeout: (() => void) | null = null;

  constructor(options: NewestOrderOptions) {
    this.#options = options;
  }

  /** What the device has confirmed; null: not known. */
  get known(): boolean | null {
    return this.#underWay === null && this.#open ? this.#known : null;
  }

  /** True if nothing is left to do. */
  get settled(): boolean {
    return this.#underWay === null && (this.#wanted === null || this.#wanted === this.#known);
  }

  get wanted(): boolean | null {
    return this.#wanted;
  }

  /** Times that a waiting order was overtaken by its opposite: the device never saw that movement. */
  get overtaken(): number {
    return this.#overtaken;
  }

  want(energised: boolean): void {
    const waits = this.#open && this.#underWay !== null && this.#wanted !== this.#underWay;
    if (waits && energised !== this.#wanted) this.#overtaken += 1;
    this.#wanted = energised;
    this.#next();
  }

  /** Carries out the newest order once more: a device may have forgotten it. */
  refresh(): void {
    if (this.#underWay !== null) return;
    this.#known = null;
    this.#next();
  }

  /** Ends when nothing is left to do, when the device is gone, or after `ms`. */
  async settle(ms: number): Promise<void> {
    if (this.settled || !this.#open) return;
    await new Promise<void>((resolve) => {
      const cancel = this.#options.clock.after(ms, resolve);
      this.#onSettled = () => {
        cancel();
        resolve();
      };
    });
    this.#onSettled = null;
  }

  /** The device is there and in the state `known` (null: who knows): the newest order is carried out. */
  open(known: boolean | null): void {
    this.close();
    this.#open = true;
    this.#known = known;
    this.#next();
  }

  /** The device is gone: orders wait. */
  close(): void {
    this.#cancelTimeout?.();
    this.#cancelTimeout = null;
    this.#open = false;
    this.#underWay = null;
    this.#known = null;
    this.#onSettled?.();
  }

  /** The order under way was carried out. */
  done(): void {
    if (this.#underWay === null) return;
    this.#cancelTimeout?.();
    this.#cancelTimeout = null;
    this.#known = this.#underWay;
    this.#underWay = null;
    this.#next();
    if (this.settled) this.#onSettled?.();
  }

  #next(): void {
    if (!this.#open || this.#underWay !== null || this.#wanted === null || this.#wanted === this.#known)
      return;
    this.#underWay = this.#wanted;
    this.#cancelTimeout = this.#options.clock.after(this.#options.timeoutMs, () => {
      this.#cancelTimeout = null;
      this.#options.onTimeout();
    });
    this.#options.carryOut(this.#wanted);
  }
}
