/** How far a job is. */
export interface Pace {
  /** Seconds since the job began. */
  readonly atS: number;
  /** Which stage goes on, and how much of it is done, 0..1. */
  readonly stage: string;
  readonly done: number;
  /** Share of the whole job's time that the plan expects of this stage, and of all later ones; 0..1. */
  readonly share: number;
  readonly laterShare: number;
}

/** Nothing is said before this share of the job is done: the first stages are short. */
const TELLABLE_FROM = 0.03;
/** A stage whose first report says more has been interrupted before. */
const FIRST_STEPS = 0.05;
/** From this part of a stage on its own speed counts in full; before, more and more. */
const OWN_SPEED_FROM = 0.25;
/** The figure follows a new reckoning within this share of the time left, but not faster than in so many seconds. */
const INERTIA = { share: 0.1, leastS: 3 } as const;

/**
 * Seconds left of a job: what is left of the running stage by its own speed, the later stages by the plan's shares and the speed
 * of the job so far. The figure counts down with the clock and takes a new reckoning over slowly: it does not jump where a stage
 * is slower than planned.
 */
export class TimeLeft {
  #stage: RunningStage | null = null;
  /** Of the stages that have ended. */
  #ended = { seconds: 0, share: 0 };
  #last: Pace | null = null;
  #shownS: number | null = null;

  /** @returns seconds; null as long as nothing can be told */
  update(pace: Pace): number | null {
    const stage = this.#enter(pace);
    const sinceS = pace.atS - (this.#last?.atS ?? pace.atS);
    this.#last = pace;
    const known = this.#ended.share + pace.share * (pace.done - stage.doneAtBegin);
    if (known < TELLABLE_FROM) return null;
    const reckonedS = this.#reckon(pace, stage, known);
    const countedS = this.#shownS === null ? reckonedS : Math.max(0, this.#shownS - sinceS);
    const inertiaS = Math.max(INERTIA.leastS, INERTIA.share * reckonedS);
    this.#shownS = countedS + (1 - Math.exp(-sinceS / inertiaS)) * (reckonedS - countedS);
    return this.#shownS;
  }

  /** A stage begins where the last report of the one before was; one that was interrupted begins where it goes on. */
  #enter({ stage: name, done }: Pace): RunningStage {
    if (this.#stage?.name === name) return this.#stage;
    const beganS = this.#last?.atS ?? 0;
    if (this.#stage && this.#last) {
      this.#ended = {
        seconds: this.#ended.seconds + beganS - this.#stage.beganS,
        share: this.#ended.share + this.#last.share * (1 - this.#stage.doneAtBegin),
      };
    }
    this.#stage = { name, beganS, doneAtBegin: done > FIRST_STEPS ? done : 0 };
    return this.#stage;
  }

  /** @param known share of the job that is done and whose time was seen */
  #reckon({ atS, done, share, laterShare }: Pace, stage: RunningStage, known: number): number {
    const spentS = atS - stage.beganS;
    const made = done - stage.doneAtBegin;
    const perShareS = (this.#ended.seconds + spentS) / known;
    const ownS = made > 0 ? spentS / made : 0;
    const trust = Math.min(1, made / OWN_SPEED_FROM);
    const stageS = trust * ownS + (1 - trust) * perShareS * share;
    return (1 - done) * stageS + perShareS * laterShare;
  }
}

interface RunningStage {
  readonly name: string;
  readonly beganS: number;
  readonly doneAtBegin: number;
}
