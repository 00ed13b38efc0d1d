import type { PartResult } from "./protocol.ts";

/** What a client may ask results by; null: any. */
export interface ResultFilter {
  /** ResultState as of `resultState`; 0: any. */
  readonly state: number;
  readonly measId: string | null;
  readonly partId: string | null;
  readonly recipe: string | null;
  readonly configuration: string | null;
  readonly jobId: string | null;
}

export interface Page<T> {
  readonly items: readonly T[];
  /** Nothing that fits comes after these. */
  readonly isComplete: boolean;
}

/** ResultStateDataType (OPC 40100-1 §12.19): 1 completed, 3 aborted, 4 failed. */
export function resultState({ verdict, reason }: Pick<PartResult, "verdict" | "reason">): number {
  if (verdict !== "ERR") return 1;
  return reason === "late" ? 3 : 4;
}

/** The newest results of one camera. */
export class ResultHistory {
  readonly #limit: number;
  readonly #results = new Map<string, PartResult>();

  constructor(limit: number) {
    this.#limit = limit;
  }

  add(result: PartResult): void {
    this.#results.set(result.resultId, result);
    if (this.#results.size <= this.#limit) return;
    const [oldest] = this.#results.keys();
    if (oldest !== undefined) this.#results.delete(oldest);
  }

  byId(resultId: string): PartResult | undefined {
    return this.#results.get(resultId);
  }

  /** Newest first. @param max 0: all that are left */
  filtered(filter: ResultFilter, startIndex: number, max: number): Page<PartResult> {
    return pageOf(
      [...this.#results.values()].reverse().filter((result) => fits(result, filter)),
      startIndex,
      max,
    );
  }
}

/** @param max 0: all that are left */
export function pageOf<T>(all: readonly T[], startIndex: number, max: number): Page<T> {
  const end = max === 0 ? all.length : Math.min(all.length, startIndex + max);
  return { items: all.slice(startIndex, end), isComplete: end >= all.length };
}

function fits(result: PartResult, filter: ResultFilter): boolean {
  return (
    (filter.state === 0 || filter.state === resultState(result)) &&
    (filter.measId === null || filter.measId === result.measId) &&
    (filter.partId === null || filter.partId === result.partId) &&
    (filter.recipe === null || filter.recipe === result.recipe.id) &&
    (filter.configuration === null || filter.configuration === result.configHash) &&
    (filter.jobId === null || filter.jobId === result.jobId)
  );
}
