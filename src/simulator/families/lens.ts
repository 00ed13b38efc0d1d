import { disc, draw, type Canvas, type Paint, type Stroke } from "../canvas.ts";
import { around, below, between, type Random } from "../draws.ts";
import { productOf } from "../family.ts";
import {
  anyScratch,
  blot,
  blotShape,
  pathStroke,
  scratchLine,
  shift,
  wanderingPath,
  type Place,
  pool,
} from "../marks.ts";
import { createSeamlessTile } from "../noise-tile.ts";

/** A moulded clear lens on a light table as data; lengths in part units. */
interface Lens {
  readonly seed: number;
  /** Grey level of the clear middle. */
  readonly clear: number;
  /** Strength of the flow lines that moulding leaves, grey levels, and their direction, radians. */
  readonly flow: number;
  readonly flowAngle: number;
  /** How far the rings of the rim lie off the middle. */
  readonly offX: number;
  readonly offY: number;
  readonly chipped: readonly (Place & { readonly radius: number; readonly seed: number })[];
  readonly marks: readonly Stroke[];
}

const RADIUS = 100;
const FLANGE = 84;
const TABLE = createSeamlessTile(391, [
  { across: 64, along: 64, weight: 4 },
  { across: 1.5, along: 1.5, weight: 2 },
]);
const FLOW = createSeamlessTile(392, [
  { across: 128, along: 12, weight: 0.7 },
  { across: 64, along: 5, weight: 0.3 },
]);

export const LENS = productOf<Lens>({
  name: "lens",
  summary:
    "clear moulded lens on a light table, hardly any contrast; bubbles, haze, scratches, fibres, chips",
  conditions: {
    shift: 4,
    turn: Math.PI,
    exposure: 0.05,
    gradient: 0.05,
    warmth: 0.01,
    noise: [1.8, 3],
    blur: [0.4, 0.9],
  },
  good: (random, seed) => ({
    seed,
    clear: 196 + around(random, 6),
    flow: between(random, 5, 12),
    flowAngle: around(random, 0.3),
    offX: around(random, 1.2),
    offY: around(random, 1.2),
    chipped: [],
    marks: [],
  }),
  defects: {
    bubble: (lens, random) => ({ ...lens, marks: bubbles(random) }),
    haze: (lens, random) => ({ ...lens, marks: [haze(random)] }),
    scratch: (lens, random) => ({ ...lens, marks: scratch(random) }),
    fibre: (lens, random) => ({ ...lens, marks: [fibre(random)] }),
    chip: (lens, random) => ({ ...lens, chipped: [chip(random)] }),
    speck: (lens, random) => ({ ...lens, marks: specks(random) }),
  },
  draw: drawLens,
});

function inLens(random: Random): Place {
  const angle = between(random, 0, 2 * Math.PI);
  const radius = 74 * Math.sqrt(random());
  return { x: radius * Math.cos(angle), y: radius * Math.sin(angle) };
}

/** A gas bubble refracts like a small ball: a dark ring around a bright middle. */
function bubbles(random: Random): Stroke[] {
  const { x, y } = inLens(random);
  return Array.from({ length: 1 + below(random, 4) }, () => {
    const middle = { x: x + around(random, 14), y: y + around(random, 14) };
    const radius = between(random, 1.8, 5);
    const strength = between(random, 34, 70);
    return {
      bounds: { ...middle, halfWidth: radius, halfHeight: radius },
      shape: disc(middle.x, middle.y, radius),
      paint: ball(middle, radius, strength),
    };
  });
}

function ball({ x, y }: Place, radius: number, strength: number): Paint {
  return (u, v, out) => {
    const share = Math.sqrt((u - x) * (u - x) + (v - y) * (v - y)) / radius;
    const light = strength * (share > 0.5 ? -Math.sin((share - 0.5) * 2 * Math.PI) : 0.5 * (1 - 2 * share));
    for (let c = 0; c < 3; c++) out[c] = out[c]! + light;
  };
}

/** Milky where the melt was wet. */
function haze(random: Random): Stroke {
  return pool(inLens(random), between(random, 12, 30), {
    seed: below(random, 65536),
    paint: shift(-between(random, 12, 26)),
    opacity: 1,
    softness: between(random, 8, 20),
  });
}

function scratch(random: Random): Stroke[] {
  const line = anyScratch(random, inLens(random), [22, 60]);
  const bounds = { x: line.x, y: line.y, halfWidth: line.length * 0.7, halfHeight: line.length * 0.7 };
  const depth = between(random, 24, 50);
  return [
    { bounds, shape: scratchLine(line, 0), paint: shift(-depth) },
    { bounds, shape: scratchLine(line, 1), paint: shift(0.5 * depth) },
  ];
}

function fibre(random: Random): Stroke {
  const start = { ...inLens(random), angle: between(random, 0, 2 * Math.PI) };
  const points = wanderingPath(random, start, { length: between(random, 20, 50), step: 4, jitter: 0.6 });
  return pathStroke(points, between(random, 0.45, 0.8), { paint: shift(-between(random, 40, 80)) });
}

/** A shell broken out of the rim. */
function chip(random: Random): Lens["chipped"][number] {
  const angle = between(random, 0, 2 * Math.PI);
  const place = { x: (RADIUS - 1) * Math.cos(angle), y: (RADIUS - 1) * Math.sin(angle) };
  return { ...place, radius: between(random, 5, 11), seed: below(random, 65536) };
}

function specks(random: Random): Stroke[] {
  return Array.from({ length: 1 + below(random, 3) }, () =>
    blot(inLens(random), between(random, 1.3, 2.6), {
      seed: below(random, 65536),
      paint: shift(-between(random, 50, 110)),
      opacity: 1,
      softness: 1.2,
    }),
  );
}

function drawLens(canvas: Canvas, lens: Lens): void {
  const frame = { x: 0, y: 0, halfWidth: 260, halfHeight: 260 };
  const shiftX = (lens.seed * 37) & 255;
  const table: Paint = (u, v, out) => {
    const light = 214 + TABLE(u + shiftX, v);
    out[0] = light;
    out[1] = light + 1;
    out[2] = light;
  };
  draw(canvas, { bounds: frame, shape: () => -9, paint: table, solid: frame });
  const bounds = { x: 0, y: 0, halfWidth: RADIUS, halfHeight: RADIUS };
  const body = disc(0, 0, RADIUS);
  const shells = lens.chipped.map(({ x, y, radius, seed }) => blotShape({ x, y }, radius, seed));
  draw(canvas, {
    bounds,
    shape: (u, v) => shells.reduce((edge, shell) => Math.max(edge, -shell(u, v)), body(u, v)),
    paint: clear(lens),
  });
  for (const stroke of lens.marks) draw(canvas, stroke);
}

/** Clear plastic: flow lines in the middle, rings where the flange refracts, a dark rim. */
function clear({ seed, clear: middle, flow, flowAngle, offX, offY }: Lens): Paint {
  const shiftX = (seed * 37) & 255;
  const shiftY = (seed * 101) & 255;
  const cos = Math.cos(flowAngle);
  const sin = Math.sin(flowAngle);
  return (u, v, out) => {
    const radius = Math.sqrt(u * u + v * v);
    const ring = Math.sqrt((u - offX) * (u - offX) + (v - offY) * (v - offY));
    const step = Math.max(0, 1 - Math.abs(ring - FLANGE) / 2.5);
    const second = Math.max(0, 1 - Math.abs(ring - FLANGE + 9) / 1.8);
    const rim = Math.max(0, (radius - RADIUS + 7) / 7);
    const lines = FLOW(u * cos + v * sin + shiftX, v * cos - u * sin + shiftY);
    const light = middle + flow * lines - 0.0012 * radius * radius - 44 * step + 14 * second - 92 * rim * rim;
    out[0] = light - 2;
    out[1] = light + 1;
    out[2] = light + 1;
  };
}
