/**
 * Learning rate of a step: × 0.2 at 80 % and again at 90 % of the steps (MultiStepLR of the AAND official code).
 * @param step 0-based
 */
export function learningRateAt(step: number, steps: number, initial: number): number {
  if (step >= 0.9 * steps) return initial * 0.04;
  if (step >= 0.8 * steps) return initial * 0.2;
  return initial;
}
