import type { Size } from "../../domain/inspection.ts";
import { between, choose, wholeBetween, type Random } from "./chance.ts";
import { createPerlin } from "./perlin.ts";

/** Highest bend of an edge, in shares of the picture. */
const BEND = 0.08;

/**
 * A wide area, at most half of the picture: one side of a line across it, a band, or a large ellipse, all with a wavy edge. Six in
 * ten lie along the picture's sides, as finishes and coatings do.
 * @returns width * height, 0/1; seldom empty
 */
export function wideMask(size: Size, random: Random): Uint8Array {
  const turned =
    random() < 0.6 ? wholeBetween(random, 0, 3) * (Math.PI / 2) : between(random, -Math.PI, Math.PI);
  const angle = turned + between(random, -0.15, 0.15);
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
  const isInside = choose<(random: Random) => Shape>(random, [
    [0.6, halfPlane],
    [0.15, band],
    [0.25, ellipse],
  ])(random);
  const uneven = createPerlin(8, 8, random);
  const wave = between(random, 0, BEND);
  const mask = new Uint8Array(size.width * size.height);
  let count = 0;
  for (let y = 0; y < size.height; y++) {
    const down = (y + 0.5) / size.height - 0.5;
    for (let x = 0; x < size.width; x++) {
      const right = (x + 0.5) / size.width - 0.5;
      const bend = wave * uneven(3.5 + 3 * right, 3.5 + 3 * down);
      if (!isInside(right * cos + down * sin, down * cos - right * sin, bend)) continue;
      mask[y * size.width + x] = 1;
      count++;
    }
  }
  return count > mask.length / 2 ? mask.map((pixel) => 1 - pixel) : mask; // what is more is the product
}

/** Whether a place is inside; shares of the picture from its middle, turned. */
type Shape = (along: number, beside: number, bend: number) => boolean;

function halfPlane(random: Random): Shape {
  const edge = between(random, -0.1, 0.42);
  return (along, _beside, bend) => along + bend > edge;
}

function band(random: Random): Shape {
  const middle = between(random, -0.4, 0.4);
  const half = between(random, 0.08, 0.22);
  return (along, _beside, bend) => Math.abs(along + bend - middle) < half;
}

function ellipse(random: Random): Shape {
  const [middleX, middleY] = [between(random, -0.4, 0.4), between(random, -0.4, 0.4)];
  const [long, wide] = [between(random, 0.15, 0.4), between(random, 0.15, 0.4)];
  return (along, beside, bend) =>
    ((along - middleX) / long) ** 2 + ((beside - middleY) / wide) ** 2 < 1 + 6 * bend;
}
