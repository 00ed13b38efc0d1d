/** A part that waits for the model. Times are monotonic ms. */
export interface WaitingPart {
  readonly camera: string;
  /** The answer is worthless after this. */
  readonly deadline: number;
  /** Expected time of the model for it. */
  readonly costMs: number;
}

/** Of one camera; a lane has fewer parts under way. */
const MAX_WAITING = 16;

/**
 * The parts of all cameras that wait for one model run after the other.
 * - While all of them can be in time, the earliest deadline goes first (with which all are in time, if any order does it:
 *   Dertouzos 1974), ties by arrival.
 * - While not all can be, the cameras share: the one that has had the least time of the model goes first, with its earliest
 *   part that can still be in time. So no camera is late with all its parts while another one is in time with all of its.
 * - Parts that cannot be in time any more are taken last.
 */
export class PartQueue<Part extends WaitingPart> {
  /** In the order of arrival. */
  readonly #waiting: Part[] = [];
  /** Time of the model that each camera had since parts began to wait, ms. */
  readonly #usedMs = new Map<string, number>();

  get length(): number {
    return this.#waiting.length;
  }

  /** False if too many parts of this camera wait already. */
  push(part: Part): boolean {
    const before = this.#waiting.filter(({ camera }) => camera === part.camera).length;
    if (before >= MAX_WAITING) return false;
    if (before === 0) this.#usedMs.set(part.camera, Math.max(this.#used(part), this.#leastUsedMs()));
    this.#waiting.push(part);
    return true;
  }

  /** The part that runs next, out of the queue. @param freeAt when the model will be free for it */
  take(freeAt: number): Part | undefined {
    const byDeadline = this.#waiting.toSorted((a, b) => a.deadline - b.deadline);
    const next = allInTime(byDeadline, freeAt) ? byDeadline[0] : this.#fairest(byDeadline, freeAt);
    if (next === undefined) return undefined;
    this.remove(next);
    this.#usedMs.set(next.camera, this.#used(next) + next.costMs);
    if (this.#waiting.length === 0) this.#usedMs.clear(); // whoever waits next competes with nobody
    return next;
  }

  /** False if it does not wait here. */
  remove(part: Part): boolean {
    const index = this.#waiting.indexOf(part);
    if (index >= 0) this.#waiting.splice(index, 1);
    return index >= 0;
  }

  some(condition: (part: Part) => boolean): boolean {
    return this.#waiting.some(condition);
  }

  /** All parts, out of the queue. */
  drain(): Part[] {
    this.#usedMs.clear();
    return this.#waiting.splice(0);
  }

  #fairest(byDeadline: readonly Part[], freeAt: number): Part | undefined {
    const hopeful = byDeadline.filter(({ costMs, deadline }) => freeAt + costMs <= deadline);
    const candidates = hopeful.length > 0 ? hopeful : byDeadline;
    return candidates.toSorted((a, b) => this.#used(a) - this.#used(b))[0]; // stable: the deadline decides among equals
  }

  #used({ camera }: WaitingPart): number {
    return this.#usedMs.get(camera) ?? 0;
  }

  /** A camera that comes back after a pause has saved up no time. */
  #leastUsedMs(): number {
    return this.#waiting.length === 0 ? 0 : Math.min(...this.#waiting.map((part) => this.#used(part)));
  }
}

function allInTime(byDeadline: readonly WaitingPart[], freeAt: number): boolean {
  let doneAt = freeAt;
  return byDeadline.every(({ costMs, deadline }) => (doneAt += costMs) <= deadline);
}
