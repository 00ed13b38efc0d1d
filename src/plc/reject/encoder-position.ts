import type { Position } from "./position.ts";

export interface EncoderOptions {
  /** The counter begins anew at this value: 65,536 or 4,294,967,296. */
  readonly modulus: number;
  /** More counts than this between two reports cannot be motion: the counter was reset, or counts were lost. */
  readonly jumpCounts: number;
  /** Counts a second that the conveyor can reach; null: not known. */
  readonly maxCountsPerSecond: number | null;
  /** No report for this long, ms: nobody knows where the conveyor is. */
  readonly staleMs: number;
}

/** One report: unwrapped counts at a monotonic time. */
interface Report {
  readonly counts: number;
  readonly at: number;
}

/** Reports older than this do not count for the speed. */
const SPEED_WINDOW_MS = 100;
/** How far off a report's time may be, ms: it came over a network. */
const JITTER_MS = 20;
/** Above the fastest conveyor there may be noise. */
const SPEED_MARGIN = 1.25;
const MIN_JUMP_COUNTS = 2;

/** The conveyor as an encoder reports it (PLC register or GPIO edges), extrapolated between two reports by its speed. */
export class EncoderPosition implements Position {
  readonly #options: EncoderOptions;
  /** The last raw value, as reported. */
  #raw = 0;
  /** Newest last; never empty once a report has come. */
  #reports: Report[] = [];
  /** Counts per ms. */
  #speed = 0;

  constructor(options: EncoderOptions) {
    this.#options = options;
  }

  /**
   * Takes a report, at standstill too. `first` and `jump`: positions known until now mean nothing any more.
   * Reports out of order are left out.
   */
  report(raw: number, at: number): "first" | "jump" | "moved" {
    const last = this.#reports.at(-1);
    if (last !== undefined && at < last.at) return "moved";
    const difference = last === undefined ? 0 : this.#difference(raw);
    const outcome = last === undefined ? "first" : this.#isJump(difference, at - last.at) ? "jump" : "moved";
    this.#raw = raw;
    if (outcome === "moved" && last !== undefined) {
      this.#reports.push({ counts: last.counts + difference, at });
      this.#speed = this.#measuredSpeed();
    } else {
      this.#reports = [{ counts: raw, at }];
      this.#speed = 0;
    }
    return outcome;
  }

  at(time: number): number | null {
    const last = this.#reports.at(-1);
    if (last === undefined || time - last.at >= this.#options.staleMs) return null;
    return last.counts + this.#speed * (time - last.at);
  }

  reported(time: number): number | null {
    return this.at(time) === null ? null : (this.#reports.at(-1)?.counts ?? null);
  }

  whenAt(position: number): number | null {
    const last = this.#reports.at(-1);
    if (last === undefined || this.#speed === 0) return null;
    const time = last.at + (position - last.counts) / this.#speed;
    return time >= last.at && time - last.at < this.#options.staleMs ? time : null;
  }

  get direction(): -1 | 0 | 1 {
    return Math.sign(this.#speed) as -1 | 0 | 1;
  }

  get blindFrom(): number | null {
    const last = this.#reports.at(-1);
    return last === undefined ? null : last.at + this.#options.staleMs;
  }

  /** The shorter way round the counter. */
  #difference(raw: number): number {
    const { modulus } = this.#options;
    const forward = (((raw - this.#raw) % modulus) + modulus) % modulus;
    return forward > modulus / 2 ? forward - modulus : forward;
  }

  #isJump(difference: number, elapsedMs: number): boolean {
    const { jumpCounts, maxCountsPerSecond } = this.#options;
    if (maxCountsPerSecond === null) return Math.abs(difference) > jumpCounts;
    const reach = (maxCountsPerSecond / 1000) * SPEED_MARGIN * (elapsedMs + JITTER_MS);
    return Math.abs(difference) > Math.max(reach, MIN_JUMP_COUNTS);
  }

  /** Counts per ms over the last reports; a conveyor that has just stopped or turned is believed at once. */
  #measuredSpeed(): number {
    const last = this.#reports.at(-1)!;
    while (this.#reports.length > 2 && last.at - this.#reports[0]!.at > SPEED_WINDOW_MS)
      this.#reports.shift();
    const before = this.#reports.at(-2)!;
    const change = last.counts - before.counts;
    const turned = Math.sign(change) !== Math.sign(before.counts - this.#reports[0]!.counts);
    const from = turned ? before : this.#reports[0]!;
    return last.at > from.at ? (last.counts - from.counts) / (last.at - from.at) : 0;
  }
}
