/** What the ejector does to a part in front of it. */
export type GateState = "pass" | "reject";

/** A stretch of the conveyor's motion during which something is in front of the ejector: from `start` up to, not with, `end`. */
export interface Passage {
  readonly start: number;
  readonly end: number;
  /** A pass was proven before the passage began. */
  readonly proven: boolean;
}

/** Positions nearer than this are the same: a computed moment and its position do not round alike. */
const SAME = 1e-6;

export function hasBegun({ start }: Pick<Passage, "start">, position: number): boolean {
  return position >= start - SAME;
}

export function hasEnded({ end }: Pick<Passage, "end">, position: number): boolean {
  return position >= end - SAME;
}

export function isInFront(passage: Passage, position: number): boolean {
  return hasBegun(passage, position) && !hasEnded(passage, position);
}

/**
 * What the ejector must do at `position`: `resting` between passages; in them a pass only if every part in front is proven.
 * So a reject is never cut short by a pass beside it (interfaces.md §3.8, fail-safe rule 1).
 */
export function gateStateAt(passages: readonly Passage[], position: number, resting: GateState): GateState {
  const inFront = passages.filter((passage) => isInFront(passage, position));
  if (inFront.length === 0) return resting;
  return inFront.every(({ proven }) => proven) ? "pass" : "reject";
}

/** The next position at which `gateStateAt` may change, for a conveyor that moves in `direction`; null: none. */
export function nextEdge(
  passages: readonly Passage[],
  position: number,
  direction: -1 | 0 | 1,
): number | null {
  if (direction === 0) return null;
  const edges = passages.flatMap(({ start, end }) => [start, end]).filter(Number.isFinite);
  const ahead = edges.filter((edge) => (edge - position) * direction > SAME);
  if (ahead.length === 0) return null;
  return direction > 0 ? Math.min(...ahead) : Math.max(...ahead) - 2 * SAME; // an edge itself belongs to what follows it
}
