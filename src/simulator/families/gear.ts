import {
  disc,
  draw,
  roundedBox,
  type Bounds,
  type Canvas,
  type Paint,
  type Shape,
  type Stroke,
} from "../canvas.ts";
import { around, below, between, type Random } from "../draws.ts";
import { productOf } from "../family.ts";
import {
  anyScratch,
  blot,
  hollow,
  pathStroke,
  scratchMarks,
  tint,
  wanderingPath,
  type Place,
} from "../marks.ts";
import { createSeamlessTile } from "../noise-tile.ts";
import { valueNoise } from "../noise.ts";
import type { Scene } from "../scene.ts";

/** A turned steel gear as data; lengths in part units. */
interface Gear {
  /** Height of each tooth, share of the full one, with the seed of its broken top (0: whole). */
  readonly teeth: readonly { readonly height: number; readonly seed: number }[];
  /** Picks the rings that the lathe left. */
  readonly seed: number;
  readonly brightness: number;
  /** Strength of the lathe's shine, grey levels. */
  readonly shine: number;
  /** Direction of the lamp on the picture, radians. */
  readonly lamp: number;
  readonly marks: readonly Stroke[];
}

const TEETH = 22;
const ROOT = 74;
const TOOTH = 14;
const BORE = 22;
const RECESS = { inner: 34, outer: 60 };
const BODY: Bounds = { x: 0, y: 0, halfWidth: ROOT + TOOTH, halfHeight: ROOT + TOOTH };
const MAT = createSeamlessTile(301, [
  { across: 1.5, along: 1.5, weight: 5 },
  { across: 40, along: 40, weight: 4 },
]);
const LATHE = createSeamlessTile(302, [
  { across: 1.6, along: 60, weight: 8 },
  { across: 6, along: 120, weight: 6 },
]);
const CAST = createSeamlessTile(303, [{ across: 2.2, along: 2.2, weight: 7 }]);
const hole = disc(0, 0, BORE);
const keyway = roundedBox({ x: 0, y: -BORE, halfWidth: 5, halfHeight: 7 }, 1);

export const GEAR = productOf<Gear>({
  name: "gear",
  summary: "turned steel gear at any angle on a mat; broken and worn teeth, cracks, rust",
  conditions: {
    shift: 8,
    turn: Math.PI,
    exposure: 0.08,
    gradient: 0.07,
    warmth: 0.015,
    noise: [2.5, 4],
    blur: [0.3, 0.7],
  },
  good: (random, seed) => ({
    teeth: Array.from({ length: TEETH }, () => ({ height: 1 + around(random, 0.03), seed: 0 })),
    seed,
    brightness: 142 + around(random, 10),
    shine: between(random, 26, 40),
    lamp: -2.2 + around(random, 0.25),
    marks: [],
  }),
  defects: {
    tooth: (gear, random) => changeTooth(gear, random, between(random, 0, 0.4)),
    worn: (gear, random) => changeTooth(gear, random, between(random, 0.35, 0.65)),
    nick: (gear, random) =>
      mark(gear, hollow(onFace(random), between(random, 3.5, 6.5), between(random, 50, 85))),
    scratch: (gear, random) =>
      mark(
        gear,
        ...scratchMarks(anyScratch(random, onFace(random), [24, 60]), 70, -60, between(random, 0.6, 1)),
      ),
    rust: (gear, random) => mark(gear, ...rust(random)),
    crack: (gear, random) => mark(gear, crack(random)),
  },
  draw: drawGear,
});

function mark(gear: Gear, ...marks: Stroke[]): Gear {
  return { ...gear, marks: [...gear.marks, ...marks] };
}

function changeTooth(gear: Gear, random: Random, height: number): Gear {
  const changed = below(random, TEETH);
  const seed = 1 + below(random, 65535);
  return { ...gear, teeth: gear.teeth.map((tooth, i) => (i === changed ? { height, seed } : tooth)) };
}

/** A point of the flat rings. */
function onFace(random: Random): Place {
  const angle = between(random, 0, 2 * Math.PI);
  const radius = random() < 0.7 ? between(random, 63, 71) : between(random, 26, 31);
  return { x: radius * Math.cos(angle), y: radius * Math.sin(angle) };
}

function rust(random: Random): Stroke[] {
  const { x, y } = onFace(random);
  return Array.from({ length: 2 + below(random, 4) }, () =>
    blot({ x: x + around(random, 7), y: y + around(random, 7) }, between(random, 1.8, 5), {
      seed: below(random, 65536),
      paint: tint(0.86, 0.62, 0.42),
      opacity: between(random, 0.45, 0.9),
      softness: 2.5,
    }),
  );
}

/** From the bore outwards, as a gear tears from its keyway. */
function crack(random: Random): Stroke {
  const angle = between(random, 0, 2 * Math.PI);
  const start = { x: BORE * Math.cos(angle), y: BORE * Math.sin(angle), angle };
  const points = wanderingPath(random, start, { length: between(random, 14, 40), step: 4, jitter: 0.5 });
  return pathStroke(points, between(random, 0.5, 0.9), {
    paint: tint(0.3, 0.3, 0.32),
    opacity: between(random, 0.65, 1),
    taper: 0.4,
  });
}

function drawGear(canvas: Canvas, gear: Gear, { groundX, groundY }: Scene): void {
  const frame = { x: 0, y: 0, halfWidth: 260, halfHeight: 260 };
  const mat: Paint = (u, v, out) => {
    const light = 66 + MAT(u + groundX, v + groundY);
    out[0] = light - 6;
    out[1] = light + 3;
    out[2] = light;
  };
  const shape = gearShape(gear);
  draw(canvas, { bounds: frame, shape: () => -9, paint: mat, solid: frame });
  drawShadow(canvas, shape);
  draw(canvas, { bounds: BODY, shape, paint: steel(gear, canvas.pose.angle) });
  for (const stroke of gear.marks) draw(canvas, { ...stroke, shape: inside(stroke.shape, shape) });
}

/** Trapezoid teeth around a disc with bore and keyway. */
function gearShape({ teeth }: Gear): Shape {
  return (u, v) => {
    const radius = Math.sqrt(u * u + v * v);
    if (radius < BORE + 9) return -Math.min(hole(u, v), keyway(u, v));
    if (radius < ROOT - 4) return ROOT - 4 - radius > 4 ? -4 : radius - ROOT;
    const turn = (Math.atan2(v, u) / (2 * Math.PI) + 1) * TEETH;
    const { height, seed } = teeth[Math.round(turn) % TEETH]!;
    const flank = Math.min(1, Math.max(0, 0.5 + 1.9 * Math.cos(2 * Math.PI * turn)));
    const broken = seed === 0 ? 0 : 1.5 * valueNoise(u / 2.5, v / 2.5, seed) * (1 - height);
    return (radius - ROOT - TOOTH * height * flank - broken) * 0.75;
  };
}

function inside(shape: Shape, body: Shape): Shape {
  return (u, v) => Math.max(shape(u, v), body(u, v) + 0.5);
}

function drawShadow(canvas: Canvas, shape: Shape): void {
  const cos = Math.cos(canvas.pose.angle);
  const sin = Math.sin(canvas.pose.angle);
  const right = 3 * cos + 4 * sin; // the lamp stays while the gear turns
  const down = 4 * cos - 3 * sin;
  draw(canvas, {
    bounds: { ...BODY, halfWidth: BODY.halfWidth + 8, halfHeight: BODY.halfHeight + 8 },
    shape: (u, v) => shape(u - right, v - down),
    paint: tint(0.4, 0.4, 0.42),
    softness: 8,
    opacity: 0.8,
    hidden: { x: -46, y: 0, halfWidth: 14, halfHeight: 40 },
  });
}

/** Turned rings whose shine stays with the lamp, a rougher recess, bevels lit from the upper left. */
function steel({ seed, brightness, shine, lamp }: Gear, angle: number): Paint {
  const lit = lamp - angle;
  const lampX = Math.cos(lit);
  const lampY = Math.sin(lit);
  const from = (seed * 37) & 255;
  return (u, v, out) => {
    const radius = Math.sqrt(u * u + v * v) + 1e-6;
    const towards = (u * lampX + v * lampY) / radius;
    let light = brightness;
    if (radius > RECESS.inner && radius < RECESS.outer) {
      light += -34 + CAST(u + from, v + from);
    } else {
      light += LATHE(radius + from, from) + shine * (2 * towards * towards * towards * towards - 0.5);
    }
    const rim = Math.max(
      0,
      1 - Math.abs(radius - RECESS.inner) / 1.6,
      1 - Math.abs(radius - BORE - 1.5) / 1.6,
    );
    const wall = Math.max(0, 1 - Math.abs(radius - RECESS.outer) / 1.6);
    light += 38 * towards * rim - 38 * towards * wall;
    if (radius > ROOT - 2) light += 14 * towards - 10;
    out[0] = light;
    out[1] = light + 1;
    out[2] = light + 4;
  };
}
