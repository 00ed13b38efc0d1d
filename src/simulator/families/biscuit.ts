import { draw, type Canvas, type Paint, type Shape, type Stroke } from "../canvas.ts";
import { around, below, between, pick, type Random } from "../draws.ts";
import { productOf } from "../family.ts";
import { blot, blotShape, pathStroke, tint, wanderingPath, type Place, pool } from "../marks.ts";
import { createSeamlessTile } from "../noise-tile.ts";
import { valueNoise } from "../noise.ts";
import type { Scene } from "../scene.ts";

/** A baked biscuit with chocolate chips as data; lengths in part units. */
interface Biscuit {
  readonly seed: number;
  readonly radius: number;
  /** Stretch along u, share. */
  readonly oval: number;
  /** Swing of the outline, part units. */
  readonly outline: number;
  /** How dark it is baked, 0 pale to 1 dark. */
  readonly bake: number;
  readonly chips: readonly (Place & { readonly radius: number })[];
  /** Pieces broken out of it, negative inside. */
  readonly broken: Shape | null;
  readonly marks: readonly Stroke[];
}

const CRUMB = createSeamlessTile(381, [
  { across: 1.6, along: 1.6, weight: 7 },
  { across: 4, along: 4, weight: 8 },
  { across: 12, along: 12, weight: 8 },
]);
const BUMPS = createSeamlessTile(382, [
  { across: 21, along: 21, weight: 1 },
  { across: 8, along: 8, weight: 0.5 },
]);
const TRAY = createSeamlessTile(383, [
  { across: 1.4, along: 1.4, weight: 4 },
  { across: 50, along: 50, weight: 5 },
]);
const CHIPS = 11;

export const BISCUIT = productOf<Biscuit>({
  name: "biscuit",
  summary: "biscuits that all differ in outline, bake and chips; broken, cracked, burnt, raw, foreign bodies",
  conditions: {
    shift: 6,
    turn: Math.PI,
    exposure: 0.07,
    gradient: 0.06,
    warmth: 0.02,
    noise: [2.5, 4],
    blur: [0.3, 0.8],
  },
  good: (random, seed) => ({
    seed,
    radius: between(random, 84, 94),
    oval: 1 + around(random, 0.05),
    outline: between(random, 3, 6),
    bake: between(random, 0.2, 0.6),
    chips: scatter(random),
    broken: null,
    marks: [],
  }),
  defects: {
    broken: (biscuit, random) => ({ ...biscuit, broken: bite(biscuit, random) }),
    crack: (biscuit, random) => ({ ...biscuit, marks: [crack(random)] }),
    burnt: (biscuit, random) => ({ ...biscuit, marks: [patch(random, tint(0.42, 0.35, 0.34))] }),
    raw: (biscuit, random) => ({ ...biscuit, marks: [patch(random, tint(1.2, 1.42, 1.75))] }),
    foreign: (biscuit, random) => ({ ...biscuit, marks: [foreignBody(random)] }),
    hair: (biscuit, random) => ({ ...biscuit, marks: [hair(random)] }),
  },
  draw: drawBiscuit,
});

function onTop(random: Random, reach: number): Place {
  const angle = between(random, 0, 2 * Math.PI);
  const radius = reach * Math.sqrt(random());
  return { x: radius * Math.cos(angle), y: radius * Math.sin(angle) };
}

/** Chips as they fall: some touch, some are covered with dough. */
function scatter(random: Random): Biscuit["chips"] {
  return Array.from({ length: CHIPS - 2 + below(random, 5) }, () => ({
    ...onTop(random, 68),
    radius: between(random, 4, 8.5),
  }));
}

/** A piece out of the rim. */
function bite({ radius }: Biscuit, random: Random): Shape {
  const angle = between(random, 0, 2 * Math.PI);
  const place = { x: radius * Math.cos(angle), y: radius * Math.sin(angle) };
  return blotShape(place, between(random, 12, 26), below(random, 65536));
}

function crack(random: Random): Stroke {
  const start = { ...onTop(random, 50), angle: between(random, 0, 2 * Math.PI) };
  const points = wanderingPath(random, start, { length: between(random, 35, 80), step: 5, jitter: 0.7 });
  return pathStroke(points, between(random, 0.9, 1.8), {
    paint: tint(0.34, 0.3, 0.28),
    opacity: 0.85,
    softness: 1.6,
    taper: 0.4,
  });
}

function patch(random: Random, paint: Paint): Stroke {
  return pool(onTop(random, 60), between(random, 12, 26), {
    seed: below(random, 65536),
    paint,
    opacity: between(random, 0.6, 1),
    softness: between(random, 8, 16),
  });
}

/** A crumb of conveyor belt, glove or metal. */
function foreignBody(random: Random): Stroke {
  const colour = pick(random, [
    [54, 92, 168],
    [170, 174, 178],
    [58, 120, 74],
    [40, 40, 42],
  ]);
  return blot(onTop(random, 65), between(random, 3, 6.5), {
    seed: below(random, 65536),
    paint: (u, v, out) => {
      for (let c = 0; c < 3; c++) out[c] = colour[c]! - 3 * (u + v - Math.floor(u + v));
    },
    opacity: 0.95,
    softness: 1,
  });
}

function hair(random: Random): Stroke {
  const start = { ...onTop(random, 50), angle: between(random, 0, 2 * Math.PI) };
  const points = wanderingPath(random, start, { length: between(random, 40, 90), step: 6, jitter: 0.4 });
  return pathStroke(points, between(random, 0.45, 0.7), { paint: tint(0.25, 0.22, 0.2), opacity: 0.9 });
}

function drawBiscuit(canvas: Canvas, biscuit: Biscuit, { groundX, groundY }: Scene): void {
  const frame = { x: 0, y: 0, halfWidth: 260, halfHeight: 260 };
  const tray: Paint = (u, v, out) => {
    const light = 58 + TRAY(u + groundX, v + groundY);
    out[0] = light;
    out[1] = light + 4;
    out[2] = light + 10;
  };
  draw(canvas, { bounds: frame, shape: () => -9, paint: tray, solid: frame });
  const shape = outline(biscuit);
  const bounds = { x: 0, y: 0, halfWidth: 112, halfHeight: 112 };
  const cos = Math.cos(canvas.pose.angle);
  const sin = Math.sin(canvas.pose.angle);
  draw(canvas, {
    bounds,
    shape: (u, v) => shape(u - 4 * cos - 5 * sin, v - 5 * cos + 4 * sin), // the lamp stays while the biscuit turns
    paint: tint(0.4, 0.4, 0.42),
    softness: 9,
    opacity: 0.85,
  });
  draw(canvas, { bounds, shape, paint: dough(biscuit, shape, canvas.pose.angle) });
  for (const chip of biscuit.chips) drawChip(canvas, chip, shape);
  for (const stroke of biscuit.marks) {
    draw(canvas, { ...stroke, shape: (u, v) => Math.max(stroke.shape(u, v), shape(u, v) + 1) });
  }
}

function outline({ seed, radius, oval, outline: swing, broken }: Biscuit): Shape {
  return (u, v) => {
    const distance = Math.sqrt(u * u * oval * oval + v * v) + 1e-6;
    const edge =
      distance - radius + swing * valueNoise((9 * u) / distance + 40, (9 * v) / distance + 40, seed);
    return broken === null ? edge : Math.max(edge, -broken(u, v));
  };
}

/** Crumb with bumps lit from the upper left of the picture, darker towards the rim. */
function dough({ seed, bake, radius }: Biscuit, shape: Shape, angle: number): Paint {
  const shiftX = (seed * 37) & 255;
  const shiftY = (seed * 101) & 255;
  const toX = -0.7 * Math.cos(angle) - 0.7 * Math.sin(angle);
  const toY = 0.7 * Math.sin(angle) - 0.7 * Math.cos(angle);
  return (u, v, out) => {
    const x = u + shiftX;
    const y = v + shiftY;
    const slope = BUMPS(x + 2 * toX, y + 2 * toY) - BUMPS(x, y);
    const distance = Math.sqrt(u * u + v * v);
    const rim = Math.max(0, distance / radius - 0.72) / 0.28;
    const wall = Math.max(0, 1 + shape(u, v) / 7);
    const light = CRUMB(x, y) - 60 * slope - 46 * wall * (1 - (u * toX + v * toY) / (distance + 1));
    const brown = bake + 0.45 * rim * rim;
    out[0] = 206 - 62 * brown + light;
    out[1] = 160 - 74 * brown + 0.85 * light;
    out[2] = 98 - 58 * brown + 0.6 * light;
  };
}

function drawChip(canvas: Canvas, { x, y, radius }: Biscuit["chips"][number], body: Shape): void {
  const round = blotShape({ x, y }, radius, Math.round(radius * 1000));
  const half = radius * 1.6;
  draw(canvas, {
    bounds: { x, y, halfWidth: half, halfHeight: half },
    shape: (u, v) => Math.max(round(u, v), body(u, v) + 3),
    paint: (u, v, out) => {
      const light = 0.4 * CRUMB(u * 2, v * 2) - 1.2 * (u - x + v - y);
      out[0] = 62 + light;
      out[1] = 40 + light;
      out[2] = 28 + light;
    },
    softness: 1.6,
    opacity: 0.94,
  });
}
