import { disc, draw, type Canvas, type Paint, type Shape, type Stroke } from "../canvas.ts";
import { around, below, between, pick, type Random } from "../draws.ts";
import { productOf } from "../family.ts";
import {
  anyScratch,
  blot,
  blotShape,
  pathStroke,
  scratchLine,
  tint,
  wanderingPath,
  type Place,
} from "../marks.ts";
import { createSeamlessTile } from "../noise-tile.ts";
import { printText } from "../print.ts";
import type { Scene } from "../scene.ts";

/** A crown cap as data; lengths in part units. */
interface Cap {
  readonly lacquer: readonly [number, number, number];
  /** How far the lamps' mirror images have wandered. */
  readonly lampX: number;
  readonly lampY: number;
  readonly gloss: number;
  readonly seed: number;
  /** Depth of each flute of the crimped skirt, 1: usual. */
  readonly flutes: readonly number[];
  /** Hollows of the shell; they bend the mirror images. */
  readonly dents: readonly (Place & { readonly radius: number; readonly depth: number })[];
  /** Where the print is gone, negative inside. */
  readonly bare: Shape | null;
  readonly marks: readonly Stroke[];
}

const FLUTES = 21;
const TOP = 76;
const SKIRT = 96;
/** Grey levels a part unit of a mirror image's shift: lacquer also scatters a little light. */
const DENT_LIGHT = 0.7;
const PRINT = printText("BRAU", 5);
const BELT = createSeamlessTile(361, [
  { across: 1.5, along: 1.5, weight: 5 },
  { across: 60, along: 60, weight: 6 },
]);
const PEEL = createSeamlessTile(362, [{ across: 7, along: 7, weight: 1 }]);

export const CAP = productOf<Cap>({
  name: "cap",
  summary: "lacquered crown cap with moving mirror images of the lamps; dents, scrapes, bent flutes, drops",
  conditions: {
    shift: 4,
    turn: 0.4,
    exposure: 0.08,
    gradient: 0.06,
    warmth: 0.02,
    noise: [2.5, 4],
    blur: [0.3, 0.8],
  },
  good: (random, seed) => {
    const batch = around(random, 5);
    return {
      lacquer: [30 + batch, 74 + batch, 66 + around(random, 5)],
      lampX: around(random, 6),
      lampY: around(random, 6),
      gloss: between(random, 85, 120),
      seed,
      flutes: Array.from({ length: FLUTES }, () => 1 + around(random, 0.12)),
      dents: [],
      bare: null,
      marks: [],
    };
  },
  defects: {
    dent: (cap, random) => ({
      ...cap,
      dents: [{ ...onTop(random, 60), radius: between(random, 15, 28), depth: between(random, 0.7, 1.3) }],
    }),
    scrape: (cap, random) => ({ ...cap, bare: scrape(random) }),
    print: (cap, random) => ({
      ...cap,
      bare: blotShape(
        { x: around(random, 36), y: around(random, 12) },
        between(random, 8, 15),
        below(random, 65536),
      ),
    }),
    crimp: (cap, random) => crimp(cap, random),
    drop: (cap, random) => ({ ...cap, marks: drop(random) }),
    fibre: (cap, random) => ({ ...cap, marks: [fibre(random)] }),
  },
  draw: drawCap,
});

function onTop(random: Random, reach: number): Place {
  const angle = between(random, 0, 2 * Math.PI);
  const radius = reach * Math.sqrt(random());
  return { x: radius * Math.cos(angle), y: radius * Math.sin(angle) };
}

/** Lacquer scraped off in a line. */
function scrape(random: Random): Shape {
  const scratch = anyScratch(random, onTop(random, 50), [18, 56]);
  return scratchLine({ ...scratch, halfWidth: scratch.halfWidth + 0.6 }, 0);
}

/** One to three neighbouring flutes pressed flat or torn out. */
function crimp(cap: Cap, random: Random): Cap {
  const first = below(random, FLUTES);
  const count = 1 + below(random, 3);
  const depth = pick(random, [0.1, 0.3, 1.9]);
  const isBent = (i: number): boolean => (i - first + FLUTES) % FLUTES < count;
  return { ...cap, flutes: cap.flutes.map((flute, i) => (isBent(i) ? depth : flute)) };
}

/** A drop of clear lacquer with its own small mirror image. */
function drop(random: Random): Stroke[] {
  const { x, y } = onTop(random, 62);
  const radius = between(random, 6, 11);
  const shine = { x: x - radius * 0.35, y: y - radius * 0.35 };
  return [
    blot({ x, y }, radius, {
      seed: below(random, 65536),
      paint: tint(1.5, 1.35, 1.3),
      opacity: 0.8,
      softness: 2,
    }),
    {
      bounds: { ...shine, halfWidth: radius * 0.35, halfHeight: radius * 0.35 },
      shape: disc(shine.x, shine.y, radius * 0.25),
      paint: (_u, _v, out) => {
        out.fill(235);
      },
      softness: 1.5,
      opacity: 0.8,
    },
  ];
}

function fibre(random: Random): Stroke {
  const start = { ...onTop(random, 45), angle: between(random, 0, 2 * Math.PI) };
  const points = wanderingPath(random, start, { length: between(random, 18, 45), step: 4, jitter: 0.6 });
  const light = pick(random, [30, 205]);
  return pathStroke(points, between(random, 0.5, 0.9), {
    paint: (_u, _v, out) => {
      out.fill(light);
    },
    opacity: 0.8,
  });
}

function drawCap(canvas: Canvas, cap: Cap, { groundX, groundY }: Scene): void {
  const frame = { x: 0, y: 0, halfWidth: 260, halfHeight: 260 };
  const belt: Paint = (u, v, out) => {
    const light = 150 + BELT(u + groundX, v + groundY);
    out[0] = light;
    out[1] = light - 1;
    out[2] = light - 6;
  };
  draw(canvas, { bounds: frame, shape: () => -9, paint: belt, solid: frame });
  const reach = SKIRT + 6;
  const bounds = { x: 0, y: 0, halfWidth: reach, halfHeight: reach };
  const shadow = { ...bounds, halfWidth: reach + 12, halfHeight: reach + 12 };
  draw(canvas, {
    bounds: shadow,
    shape: disc(0, 0, SKIRT),
    paint: tint(0.5, 0.5, 0.52),
    softness: 16,
    opacity: 0.9,
  });
  draw(canvas, {
    bounds,
    shape: (u, v) => Math.sqrt(u * u + v * v) - rim(cap, Math.atan2(v, u)),
    paint: shell(cap, canvas.pose.angle),
    solid: { x: 0, y: 0, halfWidth: 60, halfHeight: 60 },
  });
  for (const stroke of cap.marks) draw(canvas, stroke);
}

/** Outer radius at an angle, radians: the skirt's flutes swing it. */
function rim({ flutes }: Cap, angle: number): number {
  const turn = (angle / (2 * Math.PI) + 1) * FLUTES;
  return SKIRT + 4 * flutes[Math.round(turn) % FLUTES]! * Math.cos(2 * Math.PI * turn);
}

/** Lacquer over a dome: the mirror images stay with the lamps (on the picture) while the print turns with the cap. */
function shell(cap: Cap, angle: number): Paint {
  const { lacquer, lampX, lampY, gloss, seed, bare } = cap;
  const cos = Math.cos(angle);
  const sin = Math.sin(angle);
  const shiftX = (seed * 37) & 255;
  return (u, v, out) => {
    const radius = Math.sqrt(u * u + v * v);
    const ink = Math.abs(v) < 15 && Math.abs(u) < 40 ? PRINT(u + 37.5, v + 12.5) : 0;
    const ring = Math.abs(radius - 58) < 2.5 ? 1 : 0;
    const isBare = bare !== null && bare(u, v) < 0;
    const print = isBare ? 0 : 0.9 * Math.max(ink, ring);
    const peel = 2.5 * PEEL(u + shiftX, v);
    const [bendX, bendY] = bending(cap, u, v);
    const tiltX = bendX * cos - bendY * sin;
    const tiltY = bendX * sin + bendY * cos;
    const right = u * cos - v * sin + tiltX + peel - lampX;
    const down = u * sin + v * cos + tiltY + peel - lampY;
    const slope = -DENT_LIGHT * (tiltX + tiltY);
    const shine = gloss * mirror(right, down) + slope + fluteLight(cap, radius, u, v, right + down);
    const edge = radius > TOP - 5 && radius < TOP ? (-22 * (right + down)) / TOP : 0;
    for (let c = 0; c < 3; c++) {
      const base = isBare ? 168 - 4 * c : lacquer[c as 0 | 1 | 2];
      out[c] = base + print * (206 - 8 * c - base) + shine + edge;
    }
  };
}

/** Two softboxes in the shell: a long one above, a small one below right; 0..1. */
function mirror(right: number, down: number): number {
  const above = softBox((right + 14) / 34, (down + 40 - 0.004 * right * right) / 9);
  const below = softBox((right - 38) / 9, (down - 34) / 14);
  return Math.max(above, 0.7 * below);
}

function softBox(x: number, y: number): number {
  const outside = Math.max(Math.abs(x), Math.abs(y));
  return Math.min(1, Math.max(0, (1.15 - outside) / 0.3));
}

/** How far dents move what a point mirrors, and so the images' outlines. */
function bending({ dents }: Cap, u: number, v: number): [number, number] {
  let x = 0;
  let y = 0;
  for (const dent of dents) {
    const right = (u - dent.x) / dent.radius;
    const down = (v - dent.y) / dent.radius;
    const squared = right * right + down * down;
    if (squared >= 1) continue;
    const slope = dent.depth * (1 - squared) * (1 - squared) * dent.radius * 6;
    x -= right * slope;
    y -= down * slope;
  }
  return [x, y];
}

/** Bright crests and dark valleys of the skirt, 0 on the top. */
function fluteLight({ flutes }: Cap, radius: number, u: number, v: number, towards: number): number {
  if (radius < TOP) return 0;
  const turn = (Math.atan2(v, u) / (2 * Math.PI) + 1) * FLUTES;
  const depth = flutes[Math.round(turn) % FLUTES]!;
  const slope = (radius - TOP) / (SKIRT - TOP);
  return slope * (34 * depth * Math.cos(2 * Math.PI * turn) - 26 - 0.16 * towards);
}
