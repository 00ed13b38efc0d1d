import type { Action } from "../../domain/inspection.ts";
import type { RejectOutput } from "../outputs/reject-output.ts";
import type { EncoderPosition } from "./encoder-position.ts";
import { GateFaults, type GateFault } from "./gate-faults.ts";
import type { GateState } from "./passage.ts";
import { PreciseTimer, type Clock } from "./precise-timer.ts";
import { SwitchingTimes, type SwitchingFigures } from "./switching-times.ts";
import { RejectTracker, type EjectedPart, type TrackerOptions } from "./tracker.ts";

export interface RejectGateOptions {
  readonly track: TrackerOptions;
  /** The tracker's position, where an encoder reports it. */
  readonly encoder: EncoderPosition | null;
  readonly output: RejectOutput;
  /** What the energised output does. */
  readonly energise: GateState;
  readonly clock: Clock;
  /** ISO-8601 UTC, for faults. */
  readonly isoNow: () => string;
  /** A part has left the ejector. */
  readonly onEjected: (part: EjectedPart) => void;
  /** `status.faults` has changed. */
  readonly onFault: () => void;
}

export interface RejectGateStatus {
  /** Reject is what this gate does without a proven pass in time. */
  readonly resting: GateState;
  /** What the ejector is told now. */
  readonly state: GateState;
  /** Parts between camera and ejector. */
  readonly inFlight: number;
  /** Parts may come that were never seen: all are rejected until one full distance has passed. */
  readonly unknown: boolean;
  /** Oldest first. Each stays until `reset` after its cause is gone. While there is one, the line is not ready. */
  readonly faults: readonly GateFault[];
  readonly switching: SwitchingFigures;
  readonly passed: number;
  readonly rejected: number;
  /** Verdicts that came after their part: never applied. */
  readonly lateVerdicts: number;
  /** Times that the event loop slept over a part. */
  readonly lateSwitchings: number;
}

/** The ejector of one camera: follows its parts and switches the output for each at the right moment. No call throws or waits. */
export class RejectGate {
  readonly #options: RejectGateOptions;
  readonly #tracker: RejectTracker;
  readonly #timer: PreciseTimer;
  readonly #faults: GateFaults;
  readonly #switching = new SwitchingTimes();
  readonly #counts = { passed: 0, rejected: 0, lateVerdicts: 0, lateSwitchings: 0 };
  #state: GateState = "reject";
  #running = false;
  #overtaken = 0;
  /** The output has not obeyed since; null: it does. */
  #disobeysSince: number | null = null;
  #obeysSince = 0;

  constructor(options: RejectGateOptions) {
    this.#options = options;
    this.#tracker = new RejectTracker(options.track);
    this.#timer = new PreciseTimer(options.clock, () => {
      this.#advance();
    });
    this.#faults = new GateFaults(options.isoNow, options.onFault);
  }

  get status(): RejectGateStatus {
    return {
      resting: this.#options.track.resting,
      state: this.#state,
      inFlight: this.#tracker.inFlight,
      unknown: this.#tracker.unknown || this.#tracker.blind,
      faults: this.#faults.all,
      switching: this.#switching.figures,
      ...this.#counts,
    };
  }

  /** As in `status`: oldest first, each until `reset` after its cause is gone. */
  get faults(): readonly GateFault[] {
    return this.#faults.all;
  }

  /** Rejects everything until the conveyor has moved one full distance: nobody knows what is on it. */
  start(): void {
    this.#running = true;
    this.#order("reject");
    this.#options.output.start();
    this.outputChanged();
    this.#advance();
    this.#faults.started();
  }

  /** A part passes the camera. @param at monotonic ms of its trigger */
  part({ id, at }: { readonly id: string; readonly at: number }): void {
    if (!this.#running) return;
    const tracked = this.#tracker.enter(id, at);
    this.#advance();
    if (tracked) return;
    const { maxParts } = this.#options.track;
    const full = this.#tracker.inFlight >= maxParts;
    if (full)
      this.#faults.raise(
        "reject-full",
        `More than ${maxParts} parts are between camera and ejector; what comes is rejected. Check the trigger, or raise reject.maxParts.`,
      );
    this.#report({ id, ejected: "reject", proven: false, at: null, errorMs: null });
  }

  /**
   * What was decided for a part: only `pass` lets it pass, and only if it comes before the part does.
   * @returns false if it came too late, or the part is not known
   */
  verdict(id: string, action: Action): boolean {
    if (!this.#running) return false;
    this.#advance();
    const inTime = this.#tracker.decide(id, action === "pass" ? "pass" : "reject");
    if (!inTime) this.#counts.lateVerdicts += 1;
    return inTime;
  }

  /** A report of the encoder, at standstill too. @param at monotonic ms */
  encoder(counts: number, at: number): void {
    const { encoder } = this.#options;
    if (!this.#running || encoder === null) return;
    this.#advance();
    if (encoder.report(counts, at) === "jump") {
      this.#faults.raise(
        "encoder-jump",
        `The encoder leapt to ${counts} counts: its counter was reset, or counts were lost. All parts on the way are rejected.`,
      );
      for (const part of this.#tracker.forgetAll()) this.#report(part);
    }
    this.#advance();
  }

  /** Triggers may have been missed: what is between camera and ejector counts as unknown from now on. */
  loseTrack(): void {
    this.#tracker.loseTrack();
    if (this.#running) this.#advance();
  }

  /** The output has a new fault or has lost one (`OutputEvents.onFault`). */
  outputChanged(): void {
    const { output, clock } = this.#options;
    this.#faults.set("output", output.fault);
    if (output.fault !== null) this.#disobeysSince ??= clock.now();
    else if (this.#disobeysSince !== null) {
      this.#disobeysSince = null;
      this.#obeysSince = clock.now();
    }
  }

  /** Acknowledges the faults whose cause is gone (interfaces.md §3.8, fail-safe rule 5). */
  reset(): void {
    this.#faults.reset();
  }

  /** Rejects from now on and lets the output go. */
  async stop(): Promise<void> {
    if (!this.#running) return;
    this.#running = false;
    this.#timer.set(null);
    for (const part of this.#tracker.forgetAll()) this.#report(part);
    this.#order("reject");
    await this.#options.output.stop();
  }

  #advance(): void {
    const { clock, output } = this.#options;
    const { state, ejected, errorMs, late, exposed, nextAt } = this.#tracker.advance(clock.now());
    if (state !== this.#state) {
      this.#order(state);
      if (errorMs !== null) this.#switching.add(errorMs);
    }
    if (late) this.#counts.lateSwitchings += 1; // a good part was rejected: a loss, no danger
    if (exposed)
      this.#faults.raise(
        "output-late",
        `The station slept ${Math.round(errorMs ?? 0)} ms over a part that should not pass, at most ${this.#options.track.lateMs} ms is allowed: the ejector stood at pass when it came. Find the part. The machine is overloaded.`,
      );
    if (output.overtaken > this.#overtaken) {
      this.#overtaken = output.overtaken;
      this.#faults.raise(
        "output-late",
        "The output was slower than the ejector had to move: a movement was left out. Lengthen the pulse, or use a faster output.",
      );
    }
    this.#faults.set("encoder", this.#encoderFault());
    for (const part of ejected) this.#report(this.#honest(part));
    this.#timer.set(this.#running ? nextAt : null);
  }

  #encoderFault(): { code: "encoder-stale"; text: string } | null {
    if (this.#options.encoder === null || !this.#tracker.blind) return null;
    return {
      code: "encoder-stale",
      text: "No counts come from the encoder: nobody knows where parts are, all are rejected. Let the PLC send them at standstill too, every 20 ms or so.",
    };
  }

  /** Nobody knows what became of a part while the output did not obey. */
  #honest(part: EjectedPart): EjectedPart {
    const disobeyed = this.#disobeysSince !== null || (part.at !== null && part.at < this.#obeysSince);
    return disobeyed ? { ...part, ejected: "unknown" } : part;
  }

  #report(part: EjectedPart): void {
    if (part.ejected === "pass") this.#counts.passed += 1;
    if (part.ejected === "reject") this.#counts.rejected += 1;
    if (part.ejected === "pass" && !part.proven)
      this.#faults.raise(
        "reject-missed",
        `Part ${part.id} had no proven pass and was not rejected: the ejector was not switched while it went by. Find it.`,
      );
    this.#options.onEjected(part);
  }

  #order(state: GateState): void {
    this.#state = state;
    this.#options.output.set(state === this.#options.energise);
  }
}
