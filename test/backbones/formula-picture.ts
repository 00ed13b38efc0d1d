import type { Size } from "../../src/domain/inspection.ts";
import type { Weight, Weights } from "../../src/graph/ops.ts";
import { formulaValues } from "../golden/formula.ts";

/** The picture of scripts/golden_formula.py: RGB8, row-major; blocks of 8 × 8 pixels of one colour plus noise. */
export function formulaPicture({ width, height }: Size, seed: number): Uint8Array {
  const [rows, columns] = [Math.ceil(height / 8), Math.ceil(width / 8)];
  const coarse = formulaValues(seed, 1, rows * columns * 3);
  const noise = formulaValues(seed, 2, height * width * 3);
  const picture = new Uint8Array(height * width * 3);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      for (let c = 0; c < 3; c++) {
        const block = coarse[((y >> 3) * columns + (x >> 3)) * 3 + c] ?? NaN;
        const at = (y * width + x) * 3 + c;
        picture[at] = Math.floor(127.5 + 100 * block + 25 * (noise[at] ?? NaN));
      }
    }
  }
  return picture;
}

/** The weights of `formula_state` in scripts/golden_formula.py: number n of the sorted names has stream 100 + n. */
export function formulaWeights(
  specs: readonly { name: string; shape: readonly number[] }[],
  seed: number,
): Weights {
  const sorted = specs.toSorted((a, b) => (a.name < b.name ? -1 : 1));
  return new Map(
    sorted.map(({ name, shape }, n): [string, Weight] => [name, formulaWeight(name, shape, [seed, 100 + n])]),
  );
}

function formulaWeight(name: string, shape: readonly number[], [seed, stream]: [number, number]): Weight {
  const count = (sides: readonly number[]) => sides.reduce((product, side) => product * side, 1);
  const data = formulaValues(seed, stream, count(shape));
  if (shape.length === 4)
    return { shape, data: data.map((value) => value * Math.sqrt(3 / count(shape.slice(1)))) };
  if (shape.length === 3) return { shape, data };
  if (/\.(running_mean|bias)$/.test(name)) return { shape, data: data.map((value) => 0.1 * value) };
  return { shape, data: data.map((value) => 1 + 0.5 * value) };
}
