import { between, choose, wholeBetween, type Random } from "./chance.ts";
import { createPerlin } from "./perlin.ts";
import type { Sampler, TextureSource } from "./texture-source.ts";

type Pattern = (x: number, y: number) => number;

const CELLS = 64;

/**
 * Textures made on the spot: cloud, grain, stripes, checks, rings and scales between two random colours. They replace DTD,
 * which would be a download of unclear licence.
 */
export const proceduralTextures: TextureSource = {
  next: (_size, random) => {
    const make = choose(random, PATTERNS);
    return coloured(make(random), random);
  },
};

const PATTERNS: readonly (readonly [number, (random: Random) => Pattern])[] = [
  [3, cloud],
  [2, grain],
  [2, stripes],
  [1, checks],
  [1, rings],
  [2, scales],
];

/** Pattern -1..1 as a mixture of two colours, with a little colour noise of its own. */
function coloured(pattern: Pattern, random: Random): Sampler {
  const from = [random() * 255, random() * 255, random() * 255];
  const isGrey = random() < 0.4;
  const to = from.map(() => random() * 255);
  const level = (colour: readonly number[], c: number): number => colour[isGrey ? 0 : c]!;
  return (x, y, out) => {
    const share = (pattern(x, y) + 1) / 2;
    for (let c = 0; c < 3; c++) out[c] = level(from, c) + (level(to, c) - level(from, c)) * share;
  };
}

/** Perlin noise that can be read anywhere: the grid is repeated. */
function endless(random: Random): Pattern {
  const noise = createPerlin(CELLS + 2, CELLS + 2, random);
  return (x, y) => noise(wrap(x), wrap(y));
}

function wrap(value: number): number {
  return ((value % CELLS) + CELLS) % CELLS;
}

function cloud(random: Random): Pattern {
  const noise = endless(random);
  const coarse = between(random, 8, 40);
  const fine = coarse / between(random, 2, 5);
  return (x, y) => noise(x / coarse, y / coarse) + 0.5 * noise(x / fine + 17, y / fine + 5);
}

function grain(random: Random): Pattern {
  const noise = endless(random);
  const width = between(random, 1.2, 4);
  const height = width * between(random, 0.5, 4);
  return (x, y) => 1.4 * noise(x / width, y / height);
}

function stripes(random: Random): Pattern {
  const noise = endless(random);
  const angle = between(random, 0, Math.PI);
  const period = between(random, 3, 24);
  const wobble = between(random, 0, 2);
  const cos = (Math.cos(angle) * 2 * Math.PI) / period;
  const sin = (Math.sin(angle) * 2 * Math.PI) / period;
  return (x, y) => Math.sin(x * cos + y * sin + wobble * noise(x / 20, y / 20));
}

function checks(random: Random): Pattern {
  const side = wholeBetween(random, 2, 16);
  return (x, y) => ((Math.floor(x / side) + Math.floor(y / side)) % 2 === 0 ? -1 : 1);
}

function rings(random: Random): Pattern {
  const centreX = between(random, 0, 256);
  const centreY = between(random, 0, 256);
  const period = between(random, 1, 5);
  return (x, y) => Math.sin(Math.hypot(x - centreX, y - centreY) / period);
}

/** Ridges of folded noise: veins, leather. */
function scales(random: Random): Pattern {
  const noise = endless(random);
  const size = between(random, 4, 16);
  return (x, y) => 1 - 4 * Math.abs(noise(x / size, y / size));
}
