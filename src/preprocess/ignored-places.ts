/** The places of a picture that are not judged. */
export interface IgnoredPlaces {
  /** width * height, 1 where judged. */
  readonly inside: Uint8Array;
  /** RGB8, the mean of normal parts: it stands in for the ignored places. */
  readonly fill: Uint8Array;
}

/**
 * Value of the anomaly map where nothing is judged: below every score in standard deviations, the lowest colour of a heatmap,
 * and still a number in half precision.
 */
export const UNJUDGED = -10_000;

/**
 * The picture with `fill` at the ignored places, as bright as the judged places are against those of `fill`: whatever is
 * there reaches neither the teacher nor, by blur and receptive fields, the judged places beside it.
 * @param picture RGB8; not changed
 */
export function hideIgnored(picture: Uint8Array, { inside, fill }: IgnoredPlaces): Uint8Array {
  const factor = insideMean(picture, inside) / insideMean(fill, inside);
  const shown = new Uint8ClampedArray(picture);
  for (let at = 0; at < inside.length; at++) {
    if (inside[at] === 1) continue;
    for (let c = 3 * at; c < 3 * at + 3; c++) shown[c] = factor * fill[c]!;
  }
  return new Uint8Array(shown.buffer);
}

/** Mean of the judged places' values, 0..255 and never quite 0. */
export function insideMean(picture: Uint8Array, inside: Uint8Array): number {
  let sum = 0;
  let count = 0;
  for (let at = 0; at < inside.length; at++) {
    if (inside[at] === 0) continue;
    sum += picture[3 * at]! + picture[3 * at + 1]! + picture[3 * at + 2]!;
    count += 3;
  }
  return Math.max(sum / count, 1);
}
