/** A source of numbers in [0, 1), such as `createRandom` gives. */
export type Random = () => number;

/** A number of [low, high). */
export function between(random: Random, low: number, high: number): number {
  return low + random() * (high - low);
}

/** A number of (-spread, spread]. */
export function around(random: Random, spread: number): number {
  return (random() * 2 - 1) * spread;
}

/** A whole number of 0..count-1. */
export function below(random: Random, count: number): number {
  return Math.floor(random() * count);
}

/** One of some choices. @throws RangeError if there is none */
export function pick<T>(random: Random, choices: readonly T[]): T {
  const choice = choices[below(random, choices.length)];
  if (choice === undefined) throw new RangeError("there is nothing to pick from");
  return choice;
}
