import { describe, expect, it } from "vitest";
import { createRandom, normal } from "../../../../src/graph/random.ts";
import { coreset, type Rows } from "../../../../src/methods/shared/bank/coreset.ts";
import { COMPONENTS, compressed, compression } from "../../../../src/methods/shared/bank/compress.ts";

function cloud(count: number, dims: number, seed: number): Rows {
  const random = createRandom(seed);
  const data = Float32Array.from(
    { length: count * dims },
    (_, at) => normal(random) * (1 + 9 * Math.floor((8 * at) / (count * dims))),
  );
  return { count, dims, data };
}

function distance({ dims, data }: Rows, a: number, b: number): number {
  let sum = 0;
  for (let at = 0; at < dims; at++) sum += (data[a * dims + at]! - data[b * dims + at]!) ** 2;
  return Math.sqrt(sum);
}

/** The definition: each further row is the one farthest from all chosen. */
function naiveCoreset(rows: Rows, count: number, first: number): number[] {
  const chosen = [first];
  while (chosen.length < count) {
    const gaps = Array.from({ length: rows.count }, (_, row) =>
      chosen.includes(row) ? -1 : Math.min(...chosen.map((other) => distance(rows, row, other))),
    );
    chosen.push(gaps.indexOf(Math.max(...gaps)));
  }
  return chosen;
}

describe("coreset", () => {
  it.each([3, 16, 40])("chooses as the definition does, in %i channels", (dims) => {
    const rows = cloud(150, dims, dims);
    expect([...coreset(rows, 40, () => 0.5)]).toEqual(naiveCoreset(rows, 40, 75));
  });

  it("gives every row once if all are wanted, equal ones too", () => {
    const rows = { count: 6, dims: 2, data: Float32Array.of(1, 1, 1, 1, 1, 1, 2, 2, 1, 1, 3, 3) };
    expect([...coreset(rows, 9, () => 0)].sort()).toEqual([0, 1, 2, 3, 4, 5]);
  });

  it("takes the rare row that a random choice would miss", () => {
    const rows = cloud(400, 8, 2);
    rows.data.fill(300, 8 * 123, 8 * 124);
    expect([...coreset(rows, 4, () => 0)]).toContain(123);
  });
});

describe("compression", () => {
  /** Rows whose channels follow a few hidden ones, as features do, with a little noise. */
  function related(count: number, dims: number, hidden: number): Rows {
    const [sources, mixing, noise] = [cloud(count, hidden, 5), cloud(hidden, dims, 6), cloud(count, dims, 7)];
    const data = noise.data.map((value, at) => {
      const [row, channel] = [Math.floor(at / dims), at % dims];
      let sum = 0.01 * value;
      for (let i = 0; i < hidden; i++)
        sum += sources.data[row * hidden + i]! * mixing.data[i * dims + channel]!;
      return sum;
    });
    return { count, dims, data };
  }
  const ratios = (rows: Rows): number[] => {
    const short = compressed(rows, compression(rows, 1));
    expect([short.count, short.dims]).toEqual([rows.count, COMPONENTS]);
    return Array.from(
      { length: rows.count - 1 },
      (_, row) => distance(short, row, row + 1) / distance(rows, row, row + 1),
    );
  };

  it("keeps the distances of related channels by their strongest components", () => {
    const all = ratios(related(90, 120, 20));
    expect(Math.min(...all)).toBeGreaterThan(0.99);
    expect(Math.max(...all)).toBeLessThan(1.01);
  });

  it("keeps distances on average where there are too many channels for eigenvectors", () => {
    const all = ratios(cloud(60, 300, 5));
    expect(all.reduce((sum, ratio) => sum + ratio, 0) / all.length).toBeCloseTo(1, 1);
    expect(Math.max(...all.map((ratio) => Math.abs(ratio - 1)))).toBeLessThan(0.5);
  });
});
