import {
  gateStateAt,
  hasBegun,
  hasEnded,
  isInFront,
  nextEdge,
  type GateState,
  type Passage,
} from "./passage.ts";
import type { Position } from "./position.ts";

export interface TrackerOptions {
  readonly position: Position;
  /** Camera to ejector, in units of the position. */
  readonly distance: number;
  /** The ejector acts on a part from so much before its arrival … */
  readonly lead: number;
  /** … to so much after it. */
  readonly pulse: number;
  /** The ejector's state while no part is in front of it. */
  readonly resting: GateState;
  /** The ejector's own delay, ms: it is told so much earlier. */
  readonly delayMs: number;
  /** Later than this, ms, and a part that came meanwhile is rejected. */
  readonly lateMs: number;
  /** Parts between camera and ejector; with more, what comes is unknown. */
  readonly maxParts: number;
}

/** A part that has left the ejector. */
export interface EjectedPart {
  readonly id: string;
  /** `unknown`: the conveyor's position was lost, or the output did not obey. */
  readonly ejected: GateState | "unknown";
  /** A pass was proven before the part came. */
  readonly proven: boolean;
  /** When the part came to the ejector, monotonic ms; null if it was lost before. */
  readonly at: number | null;
  /** Real minus planned time of the decision for it, ms; null where a report of the encoder decided it. */
  readonly errorMs: number | null;
}

/** What follows from the time that has passed. */
export interface Advance {
  readonly state: GateState;
  readonly ejected: readonly EjectedPart[];
  /** Real minus planned time, ms; null if nothing was planned for now. */
  readonly errorMs: number | null;
  /** Parts that came while we slept: rejected, whatever their verdict. */
  readonly late: boolean;
  /** Among them one that should not pass, and the ejector still stood at pass when it came. */
  readonly exposed: boolean;
  /** When to call again at the latest; null: after the next report or part. */
  readonly nextAt: number | null;
}

interface TrackedPart {
  readonly id: string;
  readonly start: number;
  readonly end: number;
  action: GateState | null;
  /** Null until it comes to the ejector; its verdict is fixed then. */
  beganAt: number | null;
  errorMs: number | null;
  proven: boolean;
  readonly seen: Set<GateState>;
}

/**
 * The parts between camera and ejector. A part enters at its trigger; its verdict comes any time later, or never; when it comes
 * to the ejector it passes only if that was proven (interfaces.md §3.8, fail-safe rules 1 and 4). No timers, no outputs: who owns
 * it calls `advance` whenever time has passed.
 */
export class RejectTracker {
  readonly #options: TrackerOptions;
  #parts: TrackedPart[] = [];
  /** Nobody knows what comes up to here; null: everything is known. */
  #unknownEnd: number | null = null;
  /** Everything is unknown from the next known position on. */
  #unplaced = true;
  #state: GateState = "reject";
  #blind = true;
  /** The newest known position. */
  #lastSeen = -Infinity;
  #nextAt: number | null = null;

  constructor(options: TrackerOptions) {
    this.#options = options;
  }

  get inFlight(): number {
    return this.#parts.length;
  }

  /** True while parts may come that were never seen: all are rejected. */
  get unknown(): boolean {
    return this.#unplaced || this.#unknownEnd !== null;
  }

  /** True while the conveyor's position is not known. */
  get blind(): boolean {
    return this.#blind;
  }

  /**
   * A part passes the camera at the monotonic time `at`. Call `advance` afterwards.
   * @returns false if it could not be tracked: what comes is then unknown until it has passed.
   */
  enter(id: string, at: number): boolean {
    const { position, distance, lead, pulse, maxParts } = this.#options;
    const seenAt = position.at(at);
    if (seenAt === null) {
      this.#unplaced = true;
      return false;
    }
    const arrival = seenAt + distance;
    if (this.#parts.length >= maxParts) {
      this.#unknownEnd = Math.max(this.#unknownEnd ?? -Infinity, arrival + pulse);
      return false;
    }
    this.#parts.push({
      id,
      start: arrival - lead,
      end: arrival + pulse,
      action: null,
      beganAt: null,
      errorMs: null,
      proven: false,
      seen: new Set(),
    });
    return true;
  }

  /** What to do with a part. Of two that differ, reject wins. Call `advance` before. @returns false if it came too late */
  decide(id: string, action: GateState): boolean {
    const part = this.#parts.find((candidate) => candidate.id === id);
    if (part?.beganAt !== null) return false;
    if (part.action !== "reject") part.action = action;
    return true;
  }

  /** From now on, parts may be on the conveyor that were never seen. Call `advance` afterwards. */
  loseTrack(): void {
    this.#unplaced = true;
  }

  /** The positions of all parts mean nothing any more. Call `advance` afterwards. */
  forgetAll(): readonly EjectedPart[] {
    this.#unplaced = true;
    this.#unknownEnd = null;
    return this.#parts.splice(0).map((part) => ({ ...recordOf(part), ejected: "unknown" }));
  }

  /** Brings everything up to `now`. */
  advance(now: number): Advance {
    const { position, delayMs, lateMs } = this.#options;
    const errorMs = this.#nextAt !== null && now >= this.#nextAt ? now - this.#nextAt : null;
    const current = position.at(now + delayMs);
    const begun = current === null ? [] : this.#begin(current, now, errorMs);
    const before = this.#state;
    this.#blind = current === null;
    this.#state = current === null ? "reject" : this.#stateAt(current, position.reported(now + delayMs));
    if (current !== null) {
      this.#lastSeen = current;
      for (const part of this.#parts) if (isInFront(part, current)) part.seen.add(this.#state);
    }
    const late = errorMs !== null && errorMs > lateMs && begun.length > 0;
    if (late) for (const part of begun) part.seen.add(before);
    const exposed = late && before === "pass" && begun.some(({ action }) => action !== "pass");
    const ejected = this.#leave(position.reported(now + delayMs));
    this.#nextAt = this.#nextChange(current, now);
    return { state: this.#state, ejected, errorMs, late, exposed, nextAt: this.#nextAt };
  }

  /** Fixes the verdict of every part that has come to the ejector. */
  #begin(current: number, now: number, errorMs: number | null): readonly TrackedPart[] {
    const begun = this.#parts.filter((part) => part.beganAt === null && hasBegun(part, current));
    for (const part of begun) {
      part.beganAt = now;
      part.errorMs = errorMs;
      part.proven = part.action === "pass" && (errorMs ?? 0) <= this.#options.lateMs;
      if (hasEnded(part, current)) part.seen.add(this.#state); // it went by unnoticed: it saw what was set before
    }
    if (this.#blind)
      for (const part of this.#parts) if (this.#wentByUnseen(part, current)) part.seen.add(this.#state);
    return begun;
  }

  #wentByUnseen(part: TrackedPart, current: number): boolean {
    return hasBegun(part, current) && !hasEnded(part, this.#lastSeen);
  }

  #stateAt(current: number, reported: number | null): GateState {
    const { distance, pulse, resting } = this.#options;
    if (this.#unplaced) {
      this.#unplaced = false;
      this.#unknownEnd = Math.max(this.#unknownEnd ?? -Infinity, current + distance + pulse);
    }
    if (this.#unknownEnd !== null && hasEnded({ end: this.#unknownEnd }, reported ?? -Infinity))
      this.#unknownEnd = null;
    return gateStateAt(this.#passages(), current, resting);
  }

  /** Only a position that was reported lets a part go: an extrapolated one may have to be taken back. */
  #leave(reported: number | null): readonly EjectedPart[] {
    if (reported === null) return [];
    const gone = this.#parts.filter((part) => part.beganAt !== null && hasEnded(part, reported));
    if (gone.length > 0) this.#parts = this.#parts.filter((part) => !gone.includes(part));
    return gone.map(recordOf);
  }

  #nextChange(current: number | null, now: number): number | null {
    const { position, delayMs } = this.#options;
    if (current === null) return null;
    const edge = nextEdge(this.#passages(), current, position.direction);
    const times = [edge === null ? null : position.whenAt(edge), position.blindFrom];
    const known = times.filter((time) => time !== null).map((time) => Math.max(now, time - delayMs));
    return known.length === 0 ? null : Math.min(...known);
  }

  /** What is unknown counts as one long part without a pass. */
  #passages(): readonly Passage[] {
    if (this.#unknownEnd === null) return this.#parts;
    return [...this.#parts, { start: -Infinity, end: this.#unknownEnd, proven: false }];
  }
}

/** Passed whole or not: a proven part that was given a reject beside it counts as rejected, one without proof as passed only if it never saw a reject. */
function recordOf({ id, proven, seen, beganAt, errorMs }: TrackedPart): EjectedPart {
  return { id, ejected: seen.has("reject") ? "reject" : "pass", proven, at: beganAt, errorMs };
}
