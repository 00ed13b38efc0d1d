import type { EjectorChange } from "./ejector.ts";

/** When the ejector should act on a part, and how. */
export interface Target {
  /** When the part was triggered, ms of the belt's clock. */
  readonly triggeredAt: number;
  readonly actFromMs: number;
  readonly actUntilMs: number;
  readonly pass: boolean;
}

/** What an ejector does while no part is in front of it. */
export type RestingState = "reject" | "pass";

/** A moment at which the ejector should change. */
export interface PlannedChange extends EjectorChange {
  /** Trigger of the part that it is for. */
  readonly triggeredAt: number;
}

/** A planned change, and the one that came for it. */
export interface Switched {
  readonly planned: PlannedChange;
  /** null: none did. */
  readonly actual: EjectorChange | null;
}

/**
 * The changes that the parts ask for: resting at reject, the ejector passes in the windows of good parts alone; resting at pass,
 * it rejects in those of bad ones. Where windows overlap, reject wins.
 * @param targets in any order
 */
export function plannedChanges(targets: readonly Target[], resting: RestingState): PlannedChange[] {
  const restsAtPass = resting === "pass";
  const bounds = targets.flatMap((target) => {
    const kind = { pass: target.pass, triggeredAt: target.triggeredAt };
    return [
      { at: target.actFromMs, step: 1, ...kind },
      { at: target.actUntilMs, step: -1, ...kind },
    ];
  });
  bounds.sort((a, b) => a.at - b.at || b.step - a.step);
  const open = { pass: 0, reject: 0 };
  const changes: PlannedChange[] = [];
  let passing = restsAtPass;
  for (const { at, step, pass, triggeredAt } of bounds) {
    open[pass ? "pass" : "reject"] += step;
    const wanted = open.reject === 0 && (restsAtPass || open.pass > 0);
    if (wanted !== passing) changes.push({ at, passing: wanted, triggeredAt });
    passing = wanted;
  }
  return changes.filter(({ at }, index) => changes[index + 1]?.at !== at && changes[index - 1]?.at !== at);
}

/** Finds for each planned change the first real one of its direction that is at most `toleranceMs` away; each serves once. */
export function matchChanges(
  planned: readonly PlannedChange[],
  actual: readonly EjectorChange[],
  toleranceMs: number,
): Switched[] {
  const free = {
    pass: actual.filter(({ passing }) => passing),
    reject: actual.filter(({ passing }) => !passing),
  };
  const next = { pass: 0, reject: 0 };
  return [...planned]
    .sort((a, b) => a.at - b.at)
    .map((change) => {
      const kind = change.passing ? "pass" : "reject";
      const candidates = free[kind];
      while ((candidates[next[kind]]?.at ?? Infinity) < change.at - toleranceMs) next[kind] += 1;
      const candidate = candidates[next[kind]];
      if (!candidate || candidate.at > change.at + toleranceMs) return { planned: change, actual: null };
      next[kind] += 1;
      return { planned: change, actual: candidate };
    });
}
