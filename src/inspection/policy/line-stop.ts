import type { PolicyConfig } from "../../config/policy-schema.ts";
import type { Verdict } from "../../domain/inspection.ts";

/** Why the line must stop until somebody resets it. */
export interface StopReason {
  readonly code: "ng-streak" | "err-streak" | "ng-rate";
  /** For people. */
  readonly text: string;
}

type Limits = Pick<PolicyConfig, "stopAfterNg" | "stopAfterErr" | "stopNgRate">;

/**
 * Watches the verdicts of a line for what no single part shows: a tool that broke, a light that failed. A streak ends with
 * any other verdict; the rate counts judged parts only and needs a full window.
 */
export class LineStopWatch {
  readonly #limits: Limits;
  readonly #window: boolean[] = [];
  #ngInWindow = 0;
  #ngStreak = 0;
  #errStreak = 0;

  constructor(limits: Limits) {
    this.#limits = limits;
  }

  /** @returns the first reason that this verdict completes, or null */
  note(verdict: Verdict): StopReason | null {
    this.#ngStreak = verdict === "NG" ? this.#ngStreak + 1 : 0;
    this.#errStreak = verdict === "ERR" ? this.#errStreak + 1 : 0;
    if (verdict !== "ERR") this.#slide(verdict === "NG");
    const { stopAfterNg, stopAfterErr } = this.#limits;
    if (stopAfterNg > 0 && this.#ngStreak >= stopAfterNg)
      return {
        code: "ng-streak",
        text: `${this.#ngStreak} parts in a row were NG; look at the process, then reset`,
      };
    if (stopAfterErr > 0 && this.#errStreak >= stopAfterErr)
      return {
        code: "err-streak",
        text: `${this.#errStreak} parts in a row could not be judged; see their reasons, then reset`,
      };
    return this.#rateStop();
  }

  /** Counts anew (after a reset, or with another recipe). */
  clear(): void {
    this.#window.length = 0;
    this.#ngInWindow = this.#ngStreak = this.#errStreak = 0;
  }

  #slide(isNg: boolean): void {
    this.#window.push(isNg);
    if (isNg) this.#ngInWindow += 1;
    if (this.#window.length > this.#limits.stopNgRate.parts && this.#window.shift() === true)
      this.#ngInWindow -= 1;
  }

  #rateStop(): StopReason | null {
    const { share, parts } = this.#limits.stopNgRate;
    if (share === 0 || this.#window.length < parts || this.#ngInWindow / parts <= share) return null;
    return {
      code: "ng-rate",
      text: `${this.#ngInWindow} of the newest ${parts} parts were NG (limit ${(100 * share).toFixed(1)} %); look at the process, then reset`,
    };
  }
}
