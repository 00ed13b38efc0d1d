import type { Inspection } from "../../domain/inspection.ts";

const KEPT = 1000; // of each camera; interfaces.md §3.6 asks for missed values after an outage, memory sets the bound

interface Sent {
  readonly inspection: Inspection;
  /** Monotonic ms. */
  readonly at: number;
}

/**
 * Parts that no host has got yet. What was sent shortly before a connection was lost counts as missed too, since DDATA has QoS 0:
 * a host may get such a part twice and knows it by its Result Id.
 */
export class MissedResults {
  readonly #doubtfulMs: number;
  readonly #missed = new Map<string, Inspection[]>();
  #sent: Sent[] = [];
  #dropped = 0;

  /** @param doubtfulMs how long before a connection is known to be lost messages may not have arrived */
  constructor(doubtfulMs: number) {
    this.#doubtfulMs = doubtfulMs;
  }

  /** Parts that were given up, the oldest first: more than 1,000 of a camera waited. */
  get dropped(): number {
    return this.#dropped;
  }

  /** Parts that wait. */
  get waiting(): number {
    let count = 0;
    for (const queue of this.#missed.values()) count += queue.length;
    return count;
  }

  add(inspection: Inspection): void {
    this.#queue(inspection.camera).push(inspection);
    this.#bound(inspection.camera);
  }

  /** @param nowMs monotonic */
  sent(inspection: Inspection, nowMs: number): void {
    this.#sent.push({ inspection, at: nowMs });
    if (this.#sent.length > KEPT) this.#sent = this.#sent.filter(({ at }) => nowMs - at < this.#doubtfulMs);
    if (this.#sent.length > KEPT) this.#sent.shift();
  }

  /** @param nowMs monotonic */
  connectionLost(nowMs: number): void {
    const doubtful = this.#sent.filter(({ at }) => nowMs - at < this.#doubtfulMs);
    this.#sent = [];
    for (const { inspection } of doubtful.toReversed()) this.#queue(inspection.camera).unshift(inspection);
    for (const camera of this.#missed.keys()) this.#bound(camera);
  }

  /** The broker has acknowledged something that was sent after all of them. */
  delivered(): void {
    this.#sent = [];
  }

  /** The oldest of a camera that `accept` takes; null if there is none. */
  next(accept: (camera: string) => boolean): Inspection | null {
    for (const [camera, queue] of this.#missed) {
      const [oldest] = queue;
      if (oldest === undefined || !accept(camera)) continue;
      queue.shift();
      return oldest;
    }
    return null;
  }

  #queue(camera: string): Inspection[] {
    const queue = this.#missed.get(camera) ?? [];
    this.#missed.set(camera, queue);
    return queue;
  }

  #bound(camera: string): void {
    const queue = this.#queue(camera);
    const excess = Math.max(0, queue.length - KEPT);
    queue.splice(0, excess);
    this.#dropped += excess;
  }
}
