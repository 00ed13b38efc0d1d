import type { Clock } from "../reject/precise-timer.ts";

export interface NewestOrderOptions {
  /** Hands one order to the device; `done` follows, in the same order. */
  readonly carryOut: (energised: boolean) => void;
  /** Orders that may be under way at once: one after the other for a device, more for a connection that keeps their order. */
  readonly depth: number;
  /** No `done` for this long, ms: the device hangs. */
  readonly timeoutMs: number;
  readonly onTimeout: () => void;
  readonly clock: Clock;
}

interface Order {
  readonly energised: boolean;
  readonly cancelTimeout: () => void;
}

/** Orders for a slow device: in order, `depth` at a time; of those that wait, only the newest is carried out. */
export class NewestOrder {
  readonly #options: NewestOrderOptions;
  #wanted: boolean | null = null;
  /** Oldest first. */
  readonly #underWay: Order[] = [];
  #known: boolean | null = null;
  #open = false;
  #overtaken = 0;
  #onSettled: (() => void) | null = null;

  constructor(options: NewestOrderOptions) {
    this.#options = options;
  }

  /** What the device has confirmed; null: not known. */
  get known(): boolean | null {
    return this.#underWay.length === 0 && this.#open ? this.#known : null;
  }

  /** True if nothing is left to do. */
  get settled(): boolean {
    return this.#underWay.length === 0 && (this.#wanted === null || this.#wanted === this.#known);
  }

  /** Times that a waiting order was overtaken by its opposite: the device never saw that movement. */
  get overtaken(): number {
    return this.#overtaken;
  }

  want(energised: boolean): void {
    const waits = this.#open && this.#wanted !== null && this.#wanted !== this.#target;
    if (waits && energised !== this.#wanted) this.#overtaken += 1;
    this.#wanted = energised;
    this.#next();
  }

  /** Carries out the newest order once more: a device may have forgotten it. */
  refresh(): void {
    if (this.#underWay.length > 0) return;
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
    for (const { cancelTimeout } of this.#underWay.splice(0)) cancelTimeout();
    this.#open = false;
    this.#known = null;
    this.#onSettled?.();
  }

  /** The oldest order under way was carried out. */
  done(): void {
    const order = this.#underWay.shift();
    if (order === undefined) return;
    order.cancelTimeout();
    this.#known = order.energised;
    this.#next();
    if (this.settled) this.#onSettled?.();
  }

  /** What the device will be once all that is under way is carried out. */
  get #target(): boolean | null {
    return this.#underWay.at(-1)?.energised ?? this.#known;
  }

  #next(): void {
    const { clock, depth, timeoutMs, onTimeout, carryOut } = this.#options;
    if (!this.#open || this.#underWay.length >= depth) return;
    if (this.#wanted === null || this.#wanted === this.#target) return;
    this.#underWay.push({ energised: this.#wanted, cancelTimeout: clock.after(timeoutMs, onTimeout) });
    carryOut(this.#wanted);
  }
}
