import type { GateState } from "../../../src/plc/reject/passage.ts";

/** Of the fixture's gate. */
const DISTANCE = 100;
const LEAD = 5;
const PULSE = 15;

export interface NaivePart {
  readonly id: string;
  readonly start: number;
  readonly end: number;
  verdict: GateState | null;
  /** Fixed when it first comes to the ejector: null until then. */
  proven: boolean | null;
}

/**
 * The rules of the ejector in their plainest form: asked every ms where the conveyor is, it looks at every part. No timers, no edges, no FIFO.
 */
export class NaiveConveyor {
  parts: readonly NaivePart[] = [];
  readonly #resting: GateState;
  #unknownUntil = -Infinity;

  constructor(resting: GateState) {
    this.#resting = resting;
  }

  enter(id: string, position: number): void {
    const arrival = position + DISTANCE;
    const window = { start: arrival - LEAD, end: arrival + PULSE };
    this.parts = [...this.parts, { id, ...window, verdict: null, proven: null }];
  }

  /** Applies unless the part has come already. */
  decide(id: string, verdict: GateState): void {
    const part = this.parts.find((candidate) => candidate.id === id);
    if (part?.proven === null) part.verdict = verdict;
  }

  /** Nobody remembers what is on the conveyor. */
  restart(position: number): void {
    for (const part of this.parts) part.proven ??= false;
    this.#unknownUntil = position + DISTANCE + PULSE;
  }

  /** A part that has gone by does not count any more, even if the conveyor turns back. */
  moveTo(position: number): void {
    this.parts = this.parts.filter(({ end }) => position < end);
    for (const part of this.parts) if (position >= part.start) part.proven ??= part.verdict === "pass";
    if (position >= this.#unknownUntil) this.#unknownUntil = -Infinity;
  }

  get unknown(): boolean {
    return this.#unknownUntil > -Infinity;
  }

  inFront(position: number): readonly NaivePart[] {
    return this.parts.filter(({ start, end }) => start <= position && position < end);
  }

  stateAt(position: number): GateState {
    if (this.unknown) return "reject";
    const inFront = this.inFront(position);
    if (inFront.length === 0) return this.#resting;
    return inFront.every(({ proven }) => proven) ? "pass" : "reject";
  }
}
