import type { Size } from "../domain/inspection.ts";
import type { Method, StagePlan } from "../methods/method.ts";

/** Pixels of the pictures that stage plans are given for. */
const USUAL_PIXELS = 256 * 256;
const SMALLEST_BATCH = 4;
/** Synthetic pictures at least: fewer show too few kinds of anomaly. */
const FEWEST_IMAGES = 400;

/**
 * The same method with plans for larger pictures: a batch of 16 pictures at 256² holds as many places as one of 4 at 512², so
 * it takes as long and as much memory. Smaller inputs keep their plans.
 */
export function scaledTo({ width, height }: Size, method: Method): Method {
  const share = Math.min(1, USUAL_PIXELS / (width * height));
  const { amplify, distill } = method;
  return {
    ...method,
    amplify: amplify && {
      ...fewer(amplify, share),
      images: Math.min(amplify.images, Math.max(FEWEST_IMAGES, Math.round(amplify.images * share))),
    },
    distill: distill && fewer(distill, share),
  };
}

function fewer<P extends StagePlan>(plan: P, share: number): P {
  const batch = Math.min(plan.batch, Math.max(SMALLEST_BATCH, Math.round(plan.batch * share)));
  return { ...plan, batch };
}
