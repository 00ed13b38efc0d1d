import { draw, type Canvas, type Paint, type Stroke } from "../canvas.ts";
import { around, below, between, type Random } from "../draws.ts";
import { productOf } from "../family.ts";
import { blot, hollow, pathStroke, tint, wanderingPath, type Place, pool } from "../marks.ts";
import { createCellTile, createSeamlessTile } from "../noise-tile.ts";

/** A piece of a stoneware tile as data; lengths in part units. */
interface StoneTile {
  readonly seed: number;
  readonly base: readonly [number, number, number];
  /** Strength of the veins, grey levels, and what value of noise they follow. */
  readonly vein: number;
  readonly level: number;
  readonly speckles: number;
  readonly marks: readonly Stroke[];
}

const SAND = createSeamlessTile(331, [
  { across: 1.4, along: 1.4, weight: 9 },
  { across: 4, along: 4, weight: 7 },
]);
const CLOUDS = createSeamlessTile(332, [
  { across: 64, along: 64, weight: 0.6 },
  { across: 26, along: 26, weight: 0.3 },
  { across: 10, along: 10, weight: 0.1 },
]);
const GRAINS = createCellTile(333, 5);
const EVERYWHERE = { x: 0, y: 0, halfWidth: 200, halfHeight: 200 };

export const TILE = productOf<StoneTile>({
  name: "tile",
  summary: "stoneware with grains and natural veins that look like cracks; thin cracks, pits, glaze flaws",
  conditions: {
    shift: 0,
    turn: Math.PI,
    exposure: 0.07,
    gradient: 0.06,
    warmth: 0.02,
    noise: [2.5, 4],
    blur: [0.3, 0.7],
  },
  good: (random, seed) => {
    const shade = around(random, 12);
    return {
      seed,
      base: [172 + shade, 166 + shade, 154 + shade + around(random, 6)],
      vein: between(random, 12, 30),
      level: around(random, 0.25),
      speckles: between(random, 14, 34),
      marks: [],
    };
  },
  defects: {
    crack: (tile, random) => ({ ...tile, marks: crack(random, between(random, 0.9, 1.4), 0.95) }),
    hairline: (tile, random) => ({ ...tile, marks: crack(random, between(random, 0.45, 0.7), 0.8) }),
    pits: (tile, random) => ({ ...tile, marks: pits(random) }),
    stain: (tile, random) => ({ ...tile, marks: [stain(random)] }),
    bare: (tile, random) => ({ ...tile, marks: [bare(random)] }),
  },
  draw: (canvas: Canvas, tile) => {
    draw(canvas, { bounds: EVERYWHERE, shape: () => -9, paint: stone(tile), solid: EVERYWHERE });
    for (const stroke of tile.marks) draw(canvas, stroke);
  },
});

function anywhere(random: Random): Place {
  return { x: around(random, 90), y: around(random, 90) };
}

/** A crack that wanders, often with a branch. */
function crack(random: Random, halfWidth: number, opacity: number): Stroke[] {
  const angle = between(random, 0, 2 * Math.PI);
  const start = { x: around(random, 60), y: around(random, 60), angle };
  const points = wanderingPath(random, start, { length: between(random, 40, 130), step: 5, jitter: 0.7 });
  const look = { paint: tint(0.38, 0.36, 0.34), opacity, taper: 0.5 };
  const trunk = pathStroke(points, halfWidth, look);
  if (random() < 0.5) return [trunk];
  const fork = { ...points[Math.floor(points.length / 2)]!, angle: angle + (random() < 0.5 ? 0.9 : -0.9) };
  const branch = wanderingPath(random, fork, { length: between(random, 15, 40), step: 5, jitter: 0.7 });
  return [trunk, pathStroke(branch, halfWidth * 0.8, look)];
}

function pits(random: Random): Stroke[] {
  const { x, y } = anywhere(random);
  return Array.from({ length: 1 + below(random, 5) }, () => {
    const place = { x: x + around(random, 12), y: y + around(random, 12) };
    const radius = between(random, 1.8, 4.2);
    return [
      blot(place, radius, {
        seed: below(random, 65536),
        paint: tint(0.55, 0.53, 0.5),
        opacity: 0.9,
        softness: 1.5,
      }),
      hollow(place, radius * 1.3, 22),
    ];
  }).flat();
}

function stain(random: Random): Stroke {
  return pool(anywhere(random), between(random, 8, 20), {
    seed: below(random, 65536),
    paint: random() < 0.5 ? tint(0.86, 0.75, 0.56) : tint(0.7, 0.75, 0.78),
    opacity: between(random, 0.6, 1),
    softness: between(random, 2, 8),
  });
}

/** A place that the glaze left: flat and lighter, without speckles. */
function bare(random: Random): Stroke {
  const light = 206 + around(random, 10);
  const paint: Paint = (u, v, out) => {
    const sand = light + 0.35 * SAND(u + 90, v + 40);
    for (let c = 0; c < 3; c++) out[c] = 0.3 * out[c]! + 0.7 * (sand - 5 * c);
  };
  return blot(anywhere(random), between(random, 10, 20), {
    seed: below(random, 65536),
    paint,
    opacity: between(random, 0.7, 1),
    softness: 2,
  });
}

/** Sand, dark grains and veins: lines of equal height of a smooth field, blurred and broken by a second one. */
function stone({ seed, base, vein, level, speckles }: StoneTile): Paint {
  const shiftX = (seed * 37) & 255;
  const shiftY = (seed * 101) & 255;
  return (u, v, out) => {
    const x = u + shiftX;
    const y = v + shiftY;
    const height = CLOUDS(x, y);
    const other = CLOUDS(y + 70, x + 30);
    const line = Math.max(0, 1 - Math.abs(height - level) * 26) * Math.max(0, 0.35 + 1.6 * other);
    const haze = Math.max(0, 1 - Math.abs(height - level) * 5);
    const grain = Math.max(0, GRAINS(x, y) - 0.55) * speckles * 2.4;
    const light = SAND(x, y) + 16 * other - grain - vein * (line + 0.35 * haze);
    out[0] = base[0] + light;
    out[1] = base[1] + light;
    out[2] = base[2] + light + 0.25 * vein * line;
  };
}
