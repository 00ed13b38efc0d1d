import type { Network, Ops, Weight, Weights } from "../graph/ops.ts";
import { insideMean, type IgnoredPlaces } from "./ignored-places.ts";
import { lightNetwork, type Light } from "./light.ts";
import { meanEverywhere } from "./mean-everywhere.ts";

/** What happens to a picture in the graph before the teacher. */
export interface Preprocess {
  /** At the model's input size; null: everything is judged (or tiles are hidden before they are cut). */
  readonly ignored: IgnoredPlaces | null;
  readonly light: Light | null;
}

/** Pictures as they are. */
export const UNCHANGED: Preprocess = { ignored: null, light: null };

const INSIDE = "ignored.inside";
const FILL = "ignored.fill";

/**
 * Ignored places get the mean of normal parts (`hideIgnored`), then the light is made equal. Inputs: [picture 3 × H × W in 0..1].
 * Outputs: [picture likewise]. Weights: `preprocessWeights`.
 */
export function preprocessNetwork({ ignored, light }: Preprocess): Network {
  return (ops, inputs) => {
    const [picture] = inputs;
    if (picture === undefined) throw new RangeError("Preprocessing needs one input: the picture [3, H, W].");
    const shown = ignored === null ? picture : hidden(ops, picture, ignored);
    return light === null ? [shown] : lightNetwork(light)(ops, [shown]);
  };
}

/** `hideIgnored` in the graph. */
function hidden<T>(ops: Ops<T>, picture: T, { inside, fill }: IgnoredPlaces): T {
  const { h, w } = ops.shape(picture);
  const judged = ops.mulConstant(picture, INSIDE, [1, h, w]);
  const share = inside.reduce((sum, value) => sum + value, 0) / inside.length;
  const brightness = meanEverywhere(ops, ops.meanChannels(judged));
  const factor = ops.affine(brightness, 255 / (share * insideMean(fill, inside)), 0);
  return ops.add(judged, ops.mulConstant(ops.concat([factor, factor, factor]), FILL, [3, h, w]));
}

/** @param size of the picture */
export function preprocessWeights(
  { ignored }: Preprocess,
  { width, height }: { readonly width: number; readonly height: number },
): Weights {
  if (ignored === null) return new Map();
  const { inside, fill } = ignored;
  const pixels = width * height;
  const data = new Float32Array(3 * pixels);
  for (let at = 0; at < pixels; at++) {
    if (inside[at] === 1) continue;
    for (let c = 0; c < 3; c++) data[c * pixels + at] = fill[3 * at + c]! / 255;
  }
  return new Map<string, Weight>([
    [INSIDE, { shape: [1, height, width], data: Float32Array.from(inside) }],
    [FILL, { shape: [3, height, width], data }],
  ]);
}
