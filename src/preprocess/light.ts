import type { Network, Ops, Weight } from "../graph/ops.ts";
import { meanEverywhere } from "./mean-everywhere.ts";

/** How the light of pictures is made equal, in the graph, before the teacher sees them. */
export type Light =
  | {
      /** `gain`: the picture's mean; `local`: the mean of each place's surroundings. */
      readonly kind: "gain" | "local";
      /** Mean brightness of the normal pictures, 0..1: every picture's afterwards. */
      readonly target: number;
    }
  /** Every picture gets the same mean and the same deviation. */
  | { readonly kind: "contrast" };

/** Mean and deviation of a picture after `contrast`: about those of ImageNet, which the teacher has learned. */
const MEAN = 0.45;
const DEVIATION = 0.2;
/** A picture without any contrast stays without: its noise is not blown up. */
const SMALLEST_DEVIATION = 0.02;

/** Keeps the factor of dark pictures and places small: what is black stays black instead of becoming noise. */
const FLOOR = { gain: 0.01, local: 0.05 } as const;
/** The surroundings of a place: σ in shares of the picture's side; a defect is smaller, a shadow larger. */
const SURROUNDINGS = 1 / 8;
/** Brightness is blurred at this fraction of the size: so heavy a blur shows no difference. */
const SHRINK = 8;

/**
 * picture · (target + floor) / (brightness + floor), or mean and deviation made equal. Inputs: [picture 3 × H × W in 0..1],
 * sides multiples of 8. Outputs: [picture likewise; may leave 0..1]. No weights.
 */
export function lightNetwork(light: Light): Network {
  return (ops, inputs) => {
    const [picture] = inputs;
    if (picture === undefined) throw new RangeError("The light needs one input: the picture [3, H, W].");
    const brightness = ops.meanChannels(picture);
    if (light.kind === "contrast") return [contrasted(ops, picture, brightness)];
    const { kind, target } = light;
    const around = kind === "gain" ? meanEverywhere(ops, brightness) : surroundings(ops, brightness);
    const scaled = ops.affine(picture, target + FLOOR[kind], 0);
    return [ops.div(scaled, ops.affine(around, 1, FLOOR[kind]))];
  };
}

/** (picture − mean) / deviation, brought to `MEAN` and `DEVIATION`; values may leave 0..1. */
function contrasted<T>(ops: Ops<T>, picture: T, brightness: T): T {
  const centered = ops.sub(picture, meanEverywhere(ops, brightness));
  const variance = meanEverywhere(ops, ops.meanChannels(ops.square(centered)));
  const deviation = ops.sqrt(ops.affine(variance, 1, SMALLEST_DEVIATION ** 2));
  return ops.affine(ops.div(centered, deviation), DEVIATION, MEAN);
}

function surroundings<T>(ops: Ops<T>, x: T): T {
  const { h, w } = ops.shape(x);
  const small = ops.avgPool(x, SHRINK);
  return ops.resample(small, gaussianRows(h, h / SHRINK), gaussianRows(w, w / SHRINK));
}

/**
 * Gaussian weights of the small map's places for each pixel of the large one, each row summing to 1: at the border the
 * mean is of what is there.
 */
function gaussianRows(to: number, from: number): Weight {
  const data = new Float32Array(to * from);
  for (let row = 0; row < to; row++) {
    const weights = Float64Array.from({ length: from }, (_, at) => {
      const distance = (row + 0.5) / to - (at + 0.5) / from;
      return Math.exp(-((distance / SURROUNDINGS) ** 2) / 2);
    });
    const sum = weights.reduce((total, weight) => total + weight, 0);
    data.set(
      weights.map((weight) => weight / sum),
      row * from,
    );
  }
  return { shape: [to, from], data };
}
