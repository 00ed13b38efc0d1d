/** The places of a picture that are not judged. */
export interface IgnoredPlaces {
  /** width * height, 1 where judged. */
  readonly inside: Uint8Array;
  /** RGB8 that stands in for the ignored places: the mean of normal parts. */
  readonly fill: Uint8Array;
}

/**
 * Value of the anomaly map where nothing is judged: below every score in standard deviations, the lowest colour of a heatmap,
 * and still a number in half precision.
 */
export const UNJUDGED = -10_000;

/**
 * The picture with `fill` at the ignored places: whatever is there reaches neither the teacher nor, by blur and receptive
 * fields, the judged places beside it.
 * @param picture RGB8; not changed
 */
export function hideIgnored(picture: Uint8Array, { inside, fill }: IgnoredPlaces): Uint8Array {
  const shown = picture.slice();
  for (let at = 0; at < inside.length; at++) {
    if (inside[at] === 1) continue;
    for (let c = 3 * at; c < 3 * at + 3; c++) shown[c] = fill[c]!;
  }
  return shown;
}
