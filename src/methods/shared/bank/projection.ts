import { normal } from "../../../graph/random.ts";
import type { Rows } from "./coreset.ts";

/**
 * Random projection that keeps distances on average (Johnson–Lindenstrauss; PatchCore §3.2 and its code choose the coreset
 * in 128 dimensions). Rows that are short already are given back as they are.
 * @param random numbers in [0, 1)
 */
export function projected(rows: Rows, dims: number, random: () => number): Rows {
  if (rows.dims <= dims) return rows;
  const scale = 1 / Math.sqrt(dims);
  const matrix = Float32Array.from({ length: rows.dims * dims }, () => scale * normal(random)); // [rows.dims, dims]
  const data = new Float32Array(rows.count * dims);
  for (let row = 0; row < rows.count; row++)
    for (let from = 0; from < rows.dims; from++) {
      const value = rows.data[row * rows.dims + from] ?? 0;
      for (let to = 0; to < dims; to++)
        data[row * dims + to] = (data[row * dims + to] ?? 0) + value * (matrix[from * dims + to] ?? 0);
    }
  return { count: rows.count, dims, data };
}
