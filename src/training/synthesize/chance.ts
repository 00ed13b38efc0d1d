/** A source of numbers in [0, 1), see graph/random.ts. */
export type Random = () => number;

/** Uniform in [low, high). */
export function between(random: Random, low: number, high: number): number {
  return low + random() * (high - low);
}

/** Uniform whole number, both ends included. */
export function wholeBetween(random: Random, low: number, high: number): number {
  return low + Math.floor(random() * (high - low + 1));
}

/** One of the choices, each as likely as its weight (weights need not sum to 1). There must be at least one. */
export function choose<T>(random: Random, choices: readonly (readonly [weight: number, value: T])[]): T {
  let left = random() * choices.reduce((sum, [weight]) => sum + weight, 0);
  const chosen = choices.find(([weight]) => (left -= weight) < 0) ?? choices.at(-1);
  if (chosen === undefined) throw new RangeError("choose needs at least one choice.");
  return chosen[1];
}
