/** Vectors of equal length in one array, row after row. */
export interface Rows {
  readonly count: number;
  readonly dims: number;
  /** [count, dims] */
  readonly data: Float32Array;
}

/** Distances are added up so many channels at a time; a sum that is too large already ends the row early. */
const BLOCK = 16;

/**
 * Greedy k-centre (PatchCore §3.2, Gonzalez 1985): the first row is drawn, each further one is the row farthest from all
 * that were chosen; the rows chosen cover the others within a radius at most twice the best possible.
 *
 * Exact, but a row's distance to a new centre is only computed where it can be the new smallest: by the triangle inequality
 * not if the new centre is twice as far from the row's own centre as the row itself is (Elkan 2003).
 * @param random numbers in [0, 1)
 * @returns min(count, rows.count) different indices, in the order of their choice
 */
export function coreset(rows: Rows, count: number, random: () => number): Int32Array {
  const chosen = new Int32Array(Math.min(count, rows.count));
  const nearest = new Float32Array(rows.count).fill(Infinity); // squared distance to the row's own centre
  const owner = new Int32Array(rows.count); // position in `chosen` of that centre
  const fromCentres = new Float32Array(chosen.length); // squared distance of the new centre to each earlier one
  let next = Math.floor(random() * rows.count);
  for (let step = 0; step < chosen.length; step++) {
    chosen[step] = next;
    for (let centre = 0; centre < step; centre++)
      fromCentres[centre] = squaredDistance(rows, next, chosen[centre] ?? 0, Infinity);
    next = claim(rows, { nearest, owner, fromCentres }, chosen, step);
  }
  return chosen;
}

interface Cover {
  readonly nearest: Float32Array;
  readonly owner: Int32Array;
  readonly fromCentres: Float32Array;
}

/** Gives the newest centre the rows that are nearer to it than to any other. @returns the row that is farthest from all centres */
function claim(rows: Rows, { nearest, owner, fromCentres }: Cover, chosen: Int32Array, step: number): number {
  const centre = chosen[step] ?? 0;
  let farthest = 0;
  let radius = -1;
  for (let row = 0; row < rows.count; row++) {
    const own = nearest[row] ?? 0;
    if (step === 0 || (fromCentres[owner[row] ?? 0] ?? 0) < 4 * own) {
      const distance = squaredDistance(rows, row, centre, own);
      if (distance < own) {
        nearest[row] = distance;
        owner[row] = step;
      }
    }
    if (row === centre) nearest[row] = -1; // never again, even among equal rows
    const now = nearest[row] ?? 0;
    if (now > radius) {
      radius = now;
      farthest = row;
    }
  }
  return farthest;
}

/** ‖a − b‖² of two rows, or any number above `limit` if it is above. */
function squaredDistance({ dims, data }: Rows, a: number, b: number, limit: number): number {
  const [startA, startB] = [a * dims, b * dims];
  let sum = 0;
  for (let begin = 0; begin < dims && sum <= limit; begin += BLOCK) {
    const end = Math.min(begin + BLOCK, dims);
    for (let at = begin; at < end; at++) {
      const difference = (data[startA + at] ?? 0) - (data[startB + at] ?? 0);
      sum += difference * difference;
    }
  }
  return sum;
}
