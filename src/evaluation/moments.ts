/** Mean and sample standard deviation; the latter 0 for fewer than two values, the mean 0 for none. */
export interface Moments {
  readonly mean: number;
  readonly deviation: number;
}

export function momentsOf(values: readonly number[]): Moments {
  const mean = values.reduce((sum, value) => sum + value, 0) / Math.max(values.length, 1);
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { mean, deviation: Math.sqrt(squares / Math.max(values.length - 1, 1)) };
}
