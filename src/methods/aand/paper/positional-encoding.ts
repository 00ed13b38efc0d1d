import { ModelError } from "../../../domain/errors.ts";
import type { Shape, Weight } from "../../../graph/ops.ts";

/**
 * Fixed 2-D sine/cosine map that tells the gate where a location is: the first half of the channels encodes x, the second
 * half y, in (sin, cos) pairs of falling frequency.
 * @returns [C, H, W], values -1..1
 * @throws ModelError if the channels are not a multiple of 4.   Source: AAND §III-B1 with CFlow's encoding ([37] there).
 */
export function positionalEncoding({ c, h, w }: Shape): Weight {
  if (c % 4 !== 0)
    throw new ModelError(
      "channels-not-multiple-of-4",
      `The positional map of the amplifier needs channels that are a multiple of 4; the level has ${c}. ` +
        `Choose other "levels" or set amplify.enabled to false.`,
    );
  const half = c / 2;
  const data = new Float32Array(c * h * w);
  for (let channel = 0; channel < c; channel++) {
    const within = channel % half;
    const frequency = Math.exp((-(within - (within % 2)) * Math.log(1e4)) / half);
    const wave = within % 2 === 0 ? Math.sin : Math.cos;
    for (let y = 0; y < h; y++)
      for (let x = 0; x < w; x++)
        data[(channel * h + y) * w + x] = wave((channel < half ? x : y) * frequency);
  }
  return { shape: [c, h, w], data };
}
