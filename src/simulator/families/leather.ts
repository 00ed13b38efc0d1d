import { draw, type Canvas, type Paint, type Stroke } from "../canvas.ts";
import { around, below, between, type Random } from "../draws.ts";
import { productOf } from "../family.ts";
import {
  anyScratch,
  blot,
  pathStroke,
  scratchLine,
  tint,
  wanderingPath,
  type Place,
  pool,
} from "../marks.ts";
import { createCellTile, createSeamlessTile } from "../noise-tile.ts";

/** A piece of dyed leather as data; lengths in part units. */
interface Leather {
  readonly seed: number;
  readonly dye: readonly [number, number, number];
  /** Width of the grain, share of the usual one. */
  readonly grain: number;
  /** Strength of the grain's grooves and of the natural wrinkles, grey levels. */
  readonly groove: number;
  readonly wrinkle: number;
  readonly marks: readonly Stroke[];
}

const CELLS = createCellTile(371, 6.5);
const FINE = createSeamlessTile(372, [
  { across: 1.5, along: 1.5, weight: 3.5 },
  { across: 4, along: 4, weight: 3 },
]);
const SHADE = createSeamlessTile(373, [
  { across: 85, along: 85, weight: 7 },
  { across: 32, along: 32, weight: 3 },
]);
const FOLDS = createSeamlessTile(374, [
  { across: 85, along: 26, weight: 0.8 },
  { across: 20, along: 16, weight: 0.2 },
]);
const EVERYWHERE = { x: 0, y: 0, halfWidth: 200, halfHeight: 200 };

export const LEATHER = productOf<Leather>({
  name: "leather",
  summary: "dyed leather with grain and wrinkles of its own; soft colour shades, cuts, pokes, glue, scuffs",
  conditions: {
    shift: 0,
    turn: 0.15,
    exposure: 0.06,
    gradient: 0.06,
    warmth: 0.02,
    noise: [2.5, 4],
    blur: [0.3, 0.8],
  },
  good: (random, seed) => {
    const dye = around(random, 6);
    return {
      seed,
      dye: [128 + dye, 78 + dye, 46 + dye + around(random, 3)],
      grain: 1 + around(random, 0.12),
      groove: between(random, 30, 46),
      wrinkle: between(random, 4, 16),
      marks: [],
    };
  },
  defects: {
    shade: (leather, random) => ({ ...leather, marks: [shade(random)] }),
    cut: (leather, random) => ({ ...leather, marks: cut(random) }),
    poke: (leather, random) => ({ ...leather, marks: poke(random) }),
    fold: (leather, random) => ({ ...leather, marks: fold(random) }),
    glue: (leather, random) => ({ ...leather, marks: [glue(random)] }),
    scuff: (leather, random) => ({ ...leather, marks: scuff(leather, random) }),
  },
  draw: (canvas: Canvas, leather) => {
    draw(canvas, { bounds: EVERYWHERE, shape: () => -9, paint: hide(leather), solid: EVERYWHERE });
    for (const stroke of leather.marks) draw(canvas, stroke);
  },
});

function anywhere(random: Random): Place {
  return { x: around(random, 95), y: around(random, 95) };
}

/** Dye or sweat that soaked in: large, with no edge to see. */
function shade(random: Random): Stroke {
  const isDark = random() < 0.6;
  const strength = between(random, 0.16, 0.32) * (isDark ? -1 : 1);
  return pool(anywhere(random), between(random, 20, 48), {
    seed: below(random, 65536),
    paint: tint(1 + strength, 1 + strength * 1.1, 1 + strength * 0.8),
    opacity: 1,
    softness: between(random, 12, 30),
  });
}

/** A gash: dark, with a lifted pale lip. */
function cut(random: Random): Stroke[] {
  const gash = anyScratch(random, anywhere(random), [12, 42]);
  const wide = { ...gash, halfWidth: gash.halfWidth + 0.4 };
  const bounds = { x: gash.x, y: gash.y, halfWidth: gash.length * 0.7, halfHeight: gash.length * 0.7 };
  return [
    { bounds, shape: scratchLine(wide, 1.5), paint: tint(1.3, 1.35, 1.4), opacity: 0.8 },
    { bounds, shape: scratchLine(wide, 0), paint: tint(0.35, 0.33, 0.32), opacity: 0.95 },
  ];
}

/** One to three holes of an awl, the skin pressed in around them. */
function poke(random: Random): Stroke[] {
  const { x, y } = anywhere(random);
  return Array.from({ length: 1 + below(random, 3) }, (_, i) => {
    const place = { x: x + i * 9, y: y + around(random, 5) };
    const radius = between(random, 2.2, 4);
    const seed = below(random, 65536);
    return [
      blot(place, radius * 2, { seed, paint: tint(0.72, 0.7, 0.68), opacity: 0.8, softness: radius * 2 }),
      blot(place, radius, { seed, paint: tint(0.2, 0.2, 0.2), opacity: 0.95, softness: 1.2 }),
    ];
  }).flat();
}

/** A sharp fold: a dark line with a bright shoulder, straighter and longer than a wrinkle. */
function fold(random: Random): Stroke[] {
  const start = { ...anywhere(random), angle: between(random, 0, 2 * Math.PI) };
  const points = wanderingPath(random, start, { length: between(random, 50, 120), step: 12, jitter: 0.12 });
  const shoulder = points.map(({ x, y }) => ({ x: x + 2.2, y: y + 2.6 }));
  const halfWidth = between(random, 1.4, 2.6);
  return [
    pathStroke(shoulder, halfWidth, { paint: tint(1.22, 1.22, 1.22), softness: 4 }),
    pathStroke(points, halfWidth, { paint: tint(0.68, 0.68, 0.7), softness: 3 }),
  ];
}

/** A shiny film that fills the grooves. */
function glue(random: Random): Stroke {
  const paint: Paint = (u, v, out) => {
    const shine = 16 + 0.8 * FINE(u, v);
    out[0] = 0.55 * out[0]! + 58 + shine;
    out[1] = 0.55 * out[1]! + 38 + shine;
    out[2] = 0.55 * out[2]! + 24 + shine;
  };
  return blot(anywhere(random), between(random, 6, 16), {
    seed: below(random, 65536),
    paint,
    opacity: between(random, 0.5, 0.9),
    softness: between(random, 1.5, 4),
  });
}

/** Several fine parallel lines where the dye is rubbed off. */
function scuff({ dye }: Leather, random: Random): Stroke[] {
  const middle = anyScratch(random, anywhere(random), [20, 46]);
  const bounds = {
    x: middle.x,
    y: middle.y,
    halfWidth: middle.length * 0.9,
    halfHeight: middle.length * 0.9,
  };
  const bare: Paint = (_u, _v, out) => {
    for (let c = 0; c < 3; c++) out[c] = dye[c as 0 | 1 | 2] + 52;
  };
  return Array.from({ length: 3 + below(random, 4) }, (_, i) => ({
    bounds,
    shape: scratchLine(
      { ...middle, halfWidth: 0.6, length: middle.length * between(random, 0.5, 1) },
      i * 2.3,
    ),
    paint: bare,
    opacity: between(random, 0.5, 0.9),
  }));
}

/** Cells with grooves between them, finer grain on top, slow shades of dye, and wrinkles along the back's line. */
function hide({ seed, dye, grain, groove, wrinkle }: Leather): Paint {
  const shiftX = (seed * 37) & 255;
  const shiftY = (seed * 101) & 255;
  return (u, v, out) => {
    const x = u + shiftX;
    const y = v + shiftY;
    const wobble = 2.5 * FOLDS(y, x);
    const cell = CELLS(x / grain + wobble, y / grain + wobble);
    const valley = Math.max(0, 0.3 - cell) / 0.3;
    const height = FOLDS(x, y + 60);
    const line = Math.max(0, 1 - Math.abs(height - 0.1) * 14);
    const light =
      FINE(x, y) + SHADE(x, y) + 9 * Math.min(0.6, cell) - groove * valley * valley - wrinkle * line;
    out[0] = dye[0] + light;
    out[1] = dye[1] + 0.75 * light;
    out[2] = dye[2] + 0.55 * light;
  };
}
