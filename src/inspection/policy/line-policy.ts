import type { PolicyConfig } from "../../config/policy-schema.ts";
import type { Action, Verdict } from "../../domain/inspection.ts";
import { LineStopWatch, type StopReason } from "./line-stop.ts";
import { Vote } from "./vote.ts";

interface Thresholds {
  readonly reject: number;
  readonly warn: number | null;
}

interface Decision {
  readonly verdict: Verdict;
  readonly action: Action;
}

/** How one score is decided, without what came before it. */
export type Decide = (score: number, thresholds: Thresholds, onWarn: Action) => Decision;

/** What a recipe makes of its scores and verdicts over time. */
export class LinePolicy {
  readonly #config: PolicyConfig;
  readonly #decide: Decide;
  readonly #vote: Vote;
  readonly #watch: LineStopWatch;

  constructor(config: PolicyConfig, decide: Decide) {
    this.#config = config;
    this.#decide = decide;
    this.#vote = new Vote(config.vote);
    this.#watch = new LineStopWatch(config);
  }

  /**
   * The verdict on a score. With a vote of N of M, a picture above the threshold that too few others confirm is in the grey
   * zone, and one below it is NG as long as enough of the newest were above.
   */
  decide(score: number, thresholds: Thresholds): Decision {
    const alone = this.#decide(score, thresholds, this.#config.warn);
    const isVoted = this.#vote.add(alone.verdict === "NG");
    if (isVoted) return { verdict: "NG", action: "reject" };
    return alone.verdict === "NG" ? { verdict: "WARN", action: this.#config.warn } : alone;
  }

  /** Follows the verdicts of the line. @returns why it must stop now, or null */
  note(verdict: Verdict): StopReason | null {
    return this.#watch.note(verdict);
  }

  /** Counts anew. */
  clear(): void {
    this.#vote.clear();
    this.#watch.clear();
  }
}
