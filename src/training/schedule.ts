import type { StagePlan } from "../methods/method.ts";

/** Share of the steps in which one cycle rises, and what it begins and ends at (PyTorch's OneCycleLR, its defaults). */
const RISE = 0.3;
const FIRST = 1 / 25;
const LAST = FIRST / 1e4;

/**
 * Learning rate of a step. `steps`: × 0.2 at 80 % and again at 90 % of the steps (MultiStepLR of the AAND official code).
 * `one-cycle`: rises along a cosine to `initial` and falls again almost to 0 (Smith & Topin 2017), for few steps.
 * @param step 0-based
 */
export function learningRateAt(
  step: number,
  {
    steps,
    learningRate: initial,
    schedule = "steps",
  }: Pick<StagePlan, "steps" | "learningRate" | "schedule">,
): number {
  if (schedule === "one-cycle") return initial * oneCycle(step, steps);
  if (step >= 0.9 * steps) return initial * 0.04;
  if (step >= 0.8 * steps) return initial * 0.2;
  return initial;
}

function oneCycle(step: number, steps: number): number {
  const top = Math.max(RISE * steps - 1, 1);
  const last = Math.max(steps - 1, top + 1);
  return step < top ? cosine(FIRST, 1, step / top) : cosine(1, LAST, (step - top) / (last - top));
}

/** From `begin` to `end` along half a cosine. @param share 0..1 */
function cosine(begin: number, end: number, share: number): number {
  return end + ((begin - end) * (1 + Math.cos(Math.PI * share))) / 2;
}
