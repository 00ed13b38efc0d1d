import { momentsOf } from "./moments.ts";

/** Mean of some values and how far they scatter. */
export interface Spread {
  readonly mean: number;
  /** Sample standard deviation; null for one value. */
  readonly std: number | null;
}

/** Null if there is no value, or one of them is missing: a mean over fewer seeds or categories is another figure. */
export function spreadOf(values: readonly (number | null)[]): Spread | null {
  const known = values.filter((value) => value !== null);
  if (known.length === 0 || known.length < values.length) return null;
  const { mean, deviation } = momentsOf(known);
  return { mean, std: known.length === 1 ? null : deviation };
}
