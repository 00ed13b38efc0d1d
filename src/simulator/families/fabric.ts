import { draw, type Canvas, type Paint, type Stroke } from "../canvas.ts";
import { around, below, between, type Random } from "../draws.ts";
import { productOf } from "../family.ts";
import { blot, blotShape, pathStroke, tint, wanderingPath, type Place, pool } from "../marks.ts";
import { createSeamlessTile } from "../noise-tile.ts";
import { hash } from "../noise.ts";

/** A piece of twill as data; lengths in part units. */
interface Fabric {
  readonly seed: number;
  /** Distance of two threads. */
  readonly pitch: number;
  readonly warp: readonly [number, number, number];
  readonly weft: readonly [number, number, number];
  /** Weft threads that are gone between two points. */
  readonly gaps: readonly { readonly weft: number; readonly from: number; readonly to: number }[];
  /** Where threads lie the wrong way up. */
  readonly floats: readonly (Place & { readonly radius: number })[];
  /** A weft thread that is thicker around a point. */
  readonly slubs: readonly { readonly weft: number; readonly at: number; readonly length: number }[];
  readonly marks: readonly Stroke[];
}

const WAVES = createSeamlessTile(311, [{ across: 64, along: 64, weight: 1 }]);
const FIBRES = createSeamlessTile(312, [{ across: 1.2, along: 1.2, weight: 1 }]);
const EVERYWHERE = { x: 0, y: 0, halfWidth: 200, halfHeight: 200 };

export const FABRIC = productOf<Fabric>({
  name: "fabric",
  summary: "twill in two colours that stretches; broken threads, knots, wrong weave, stains, holes",
  conditions: {
    shift: 6,
    turn: 0.05,
    exposure: 0.08,
    gradient: 0.08,
    warmth: 0.02,
    noise: [3, 5],
    blur: [0.4, 0.8],
  },
  good: (random, seed) => {
    const dye = around(random, 9);
    const yarn = around(random, 8);
    return {
      seed,
      pitch: 6.4 * (1 + around(random, 0.025)),
      warp: [52 + dye * 0.6, 70 + dye, 108 + dye],
      weft: [176 + yarn, 172 + yarn, 160 + yarn],
      gaps: [],
      floats: [],
      slubs: [],
      marks: [],
    };
  },
  defects: {
    broken: (fabric, random) => {
      const from = between(random, -100, 40);
      const gap = { weft: anyThread(fabric, random), from, to: from + between(random, 14, 60) };
      return { ...fabric, gaps: [gap] };
    },
    knot: (fabric, random) => {
      const slub = {
        weft: anyThread(fabric, random),
        at: between(random, -95, 95),
        length: between(random, 4, 12),
      };
      return { ...fabric, slubs: [slub] };
    },
    weave: (fabric, random) => ({
      ...fabric,
      floats: [{ ...anywhere(random), radius: between(random, 7, 14) }],
    }),
    stain: (fabric, random) => ({ ...fabric, marks: [stain(random)] }),
    hole: (fabric, random) => ({ ...fabric, marks: hole(random) }),
    thread: (fabric, random) => ({ ...fabric, marks: looseThread(fabric, random) }),
  },
  draw: drawFabric,
});

function anywhere(random: Random): Place {
  return { x: around(random, 95), y: around(random, 95) };
}

/** Number of a weft thread that the picture shows. */
function anyThread({ pitch }: Fabric, random: Random): number {
  return Math.round(around(random, 95) / pitch);
}

function stain(random: Random): Stroke {
  const strength = between(random, 0.72, 0.88);
  return pool(anywhere(random), between(random, 8, 22), {
    seed: below(random, 65536),
    paint: tint(strength, strength * 0.97, strength * 0.88),
    opacity: 1,
    softness: between(random, 3, 9),
  });
}

/** Torn threads around dark depth. */
function hole(random: Random): Stroke[] {
  const place = anywhere(random);
  const radius = between(random, 3, 6.5);
  const seed = below(random, 65536);
  return [
    blot(place, radius * 1.5, { seed, paint: tint(0.75, 0.75, 0.75), opacity: 0.8, softness: 5 }),
    blot(place, radius, { seed, paint: tint(0.15, 0.15, 0.16), opacity: 0.95, softness: 2 }),
  ];
}

function looseThread({ weft }: Fabric, random: Random): Stroke[] {
  const start = { ...anywhere(random), angle: between(random, 0, 2 * Math.PI) };
  const points = wanderingPath(random, start, { length: between(random, 25, 60), step: 5, jitter: 0.45 });
  const under = points.map(({ x, y }) => ({ x: x + 1, y: y + 1.2 }));
  const yarn: Paint = (u, v, out) => {
    const light = 10 * FIBRES(u, v);
    for (let c = 0; c < 3; c++) out[c] = weft[c as 0 | 1 | 2] + light;
  };
  return [
    pathStroke(under, 1.3, { paint: tint(0.6, 0.6, 0.6), opacity: 0.7, softness: 2 }),
    pathStroke(points, 1.1, { paint: yarn, opacity: 0.9 }),
  ];
}

function drawFabric(canvas: Canvas, fabric: Fabric): void {
  draw(canvas, { bounds: EVERYWHERE, shape: () => -9, paint: twill(fabric), solid: EVERYWHERE });
  for (const stroke of fabric.marks) draw(canvas, stroke);
}

/** 2/2 twill: at each crossing of a warp and a weft thread the upper one shows, rounded like a cylinder. */
function twill(fabric: Fabric): Paint {
  const { seed, pitch, warp, weft, gaps, slubs } = fabric;
  const shiftX = (seed * 37) & 255;
  const shiftY = (seed * 101) & 255;
  const isFloating = floating(fabric);
  return (u, v, out) => {
    const wave = WAVES(u + shiftX, v + shiftY);
    const x = (u + 2.2 * wave) / pitch;
    const y = (v + 2.2 * WAVES(u + shiftY, v + shiftX)) / pitch;
    const column = Math.floor(x);
    const row = Math.floor(y);
    const crossing = (((column + row) % 4) + 4) % 4;
    let weftShows = crossing < 2;
    if (isFloating(u, v)) weftShows = !weftShows;
    const isGone = gaps.some((gap) => gap.weft === row && u > gap.from && u < gap.to);
    if (isGone) weftShows = false;
    const swelling = slubs.reduce((most, slub) => Math.max(most, thickness(slub, u, y)), 0);
    if (swelling > 0) weftShows = true;
    const across = weftShows ? y - row : x - column;
    const thread = weftShows ? hash(row, 1, seed) : hash(column, 2, seed);
    const round = 1 - 1.5 * (across - 0.5) * (across - 0.5);
    const along = weftShows ? x - column + (crossing & 1) : y - row + (crossing & 1);
    const dip = isGone ? 0.62 : 0.9 + 0.1 * Math.sin(0.5 * Math.PI * along);
    const yarn = 1 + ((thread & 255) / 255 - 0.5) * 0.14;
    const fuzz = 9 * FIBRES(u * 1.3 + shiftX, v * 1.3 + shiftY) + 5 * wave;
    const light = (swelling > 0 ? 0.82 + 0.3 * swelling : round * dip) * yarn;
    const colour = weftShows ? weft : warp;
    for (let c = 0; c < 3; c++) out[c] = colour[c as 0 | 1 | 2] * light + fuzz;
  };
}

function floating({ floats }: Fabric): (u: number, v: number) => boolean {
  const shapes = floats.map((float, i) => blotShape(float, float.radius, i + 7));
  return (u, v) => shapes.some((shape) => shape(u, v) < 0);
}

/** 0..1: how far a point is inside of a slub, 0 outside. `y` counts threads. */
function thickness({ weft, at, length }: Fabric["slubs"][number], u: number, y: number): number {
  const along = (u - at) / length;
  const across = (y - weft - 0.5) / 1.15;
  return Math.max(0, 1 - along * along - across * across);
}
