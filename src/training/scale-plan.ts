import type { Size } from "../domain/inspection.ts";
import type { Method, StagePlan } from "../methods/method.ts";

/** Pixels of the pictures that stage plans are given for. */
const USUAL_PIXELS = 256 * 256;
const SMALLEST_BATCH = 4;
/** Synthetic pictures at least: fewer show too few kinds of anomaly. */
const FEWEST_IMAGES = 400;
/** Of pictures with wide areas, which show little besides. */
const FEWEST_WIDE = 200;

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
      images: fewerImages(amplify.images, share, FEWEST_IMAGES),
      wide: amplify.wide && {
        images: fewerImages(amplify.wide.images, share, FEWEST_WIDE),
        batch: fewer(amplify.wide, share).batch,
      },
    },
    distill: distill && fewer(distill, share),
  };
}

const fewerImages = (images: number, share: number, fewest: number): number =>
  Math.min(images, Math.max(fewest, Math.round(images * share)));

function fewer<P extends Pick<StagePlan, "batch">>(plan: P, share: number): P {
  const batch = Math.min(plan.batch, Math.max(SMALLEST_BATCH, Math.round(plan.batch * share)));
  return { ...plan, batch };
}
