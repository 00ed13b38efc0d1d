import type { Paint, Shape, Stroke } from "./canvas.ts";
import { around, between, type Random } from "./draws.ts";
import { valueNoise } from "./noise.ts";

/** Marks that production leaves on any surface: scratches, blots, hollows, cracks. All lengths in part units. */

export interface Place {
  readonly x: number;
  readonly y: number;
}

/** A bent line of a tool, thinner towards its ends. */
export interface Scratch extends Place {
  readonly length: number;
  /** Radians. */
  readonly angle: number;
  /** Sagitta as a share of the length, -0.5..0.5. */
  readonly bend: number;
  readonly halfWidth: number;
}

/** The line of a scratch, `offset` units beside its middle. */
export function scratchLine({ x, y, length, angle, bend, halfWidth }: Scratch, offset: number): Shape {
  const cos = Math.cos(angle);
  const sin = Math.sin(angle);
  return (u, v) => {
    const along = (u - x) * cos + (v - y) * sin;
    const position = (2 * along) / length;
    const across = (v - y) * cos - (u - x) * sin - bend * length * (position * position - 0.5) - offset;
    const taper = halfWidth * Math.max(0.25, 1 - position * position * 0.8);
    return Math.max(Math.abs(across) - taper, Math.abs(along) - length / 2);
  };
}

/** Bright burr beside a dark groove. @param light, @param dark grey levels added to what lies below */
export function scratchMarks(scratch: Scratch, light: number, dark: number, opacity: number): Stroke[] {
  const bounds = {
    x: scratch.x,
    y: scratch.y,
    halfWidth: scratch.length * 0.7,
    halfHeight: scratch.length * 0.7,
  };
  return [
    { bounds, shape: scratchLine(scratch, 1.2), paint: shift(light), opacity },
    { bounds, shape: scratchLine(scratch, 0), paint: shift(dark), opacity },
  ];
}

/** Width of the largest lobes of a small blot, part units. */
const LOBE = 7;

/** A disc with an uneven outline. @param lobe width of the largest lobes, part units */
export function blotShape({ x, y }: Place, radius: number, seed: number, lobe = LOBE): Shape {
  const ripple = lobe / 2.8;
  return (u, v) => {
    const right = u - x;
    const down = v - y;
    const uneven =
      0.35 * valueNoise(right / lobe, down / lobe, seed) +
      0.15 * valueNoise(right / ripple, down / ripple, seed + 1);
    return Math.sqrt(right * right + down * down) - radius * (1 + uneven);
  };
}

export interface BlotLook {
  readonly seed: number;
  readonly paint: Paint;
  readonly opacity: number;
  /** Width of the edge, part units. */
  readonly softness: number;
}

/** An uneven blot of some paint. */
export function blot(place: Place, radius: number, look: BlotLook, lobe = LOBE): Stroke {
  const { seed, ...rest } = look;
  const half = radius * 1.6 + look.softness / 2;
  return {
    bounds: { ...place, halfWidth: half, halfHeight: half },
    shape: blotShape(place, radius, seed, lobe),
    ...rest,
  };
}

/** A large blot whose outline swings slowly, as of a liquid that soaked in. */
export function pool(place: Place, radius: number, look: BlotLook): Stroke {
  return blot(place, radius, look, radius * 0.7);
}

/** A hollow: light comes from the upper left, so that side is dark and the other bright. @param strength grey levels */
export function hollow({ x, y }: Place, radius: number, strength: number): Stroke {
  return {
    bounds: { x, y, halfWidth: radius, halfHeight: radius },
    shape: (u, v) => Math.sqrt((u - x) * (u - x) + (v - y) * (v - y)) - radius,
    paint: (u, v, out) => {
      const slope = (u - x + 1.3 * (v - y)) / radius;
      for (let c = 0; c < 3; c++) out[c] = out[c]! + strength * slope;
    },
    softness: 3,
  };
}

/** Points of a line that wanders, as a crack or a fibre does. @param jitter radians a step turns at most, each way */
export function wanderingPath(
  random: Random,
  start: Place & { readonly angle: number },
  { length, step, jitter }: { readonly length: number; readonly step: number; readonly jitter: number },
): Place[] {
  let { x, y } = start;
  let drift = 0;
  const points: Place[] = [{ x, y }];
  for (let way = 0; way < length; way += step) {
    drift = 0.7 * drift + around(random, jitter);
    x += Math.cos(start.angle + drift) * step;
    y += Math.sin(start.angle + drift) * step;
    points.push({ x, y });
  }
  return points;
}

/** A line through points; `halfWidth` at its start, `taper` times that at its end. */
export function pathStroke(
  points: readonly Place[],
  halfWidth: number,
  look: {
    readonly paint: Paint;
    readonly opacity?: number;
    readonly softness?: number;
    readonly taper?: number;
  },
): Stroke {
  const { taper = 1, ...rest } = look;
  const xs = points.map(({ x }) => x);
  const ys = points.map(({ y }) => y);
  const left = Math.min(...xs) - halfWidth;
  const right = Math.max(...xs) + halfWidth;
  const top = Math.min(...ys) - halfWidth;
  const bottom = Math.max(...ys) + halfWidth;
  return {
    bounds: {
      x: (left + right) / 2,
      y: (top + bottom) / 2,
      halfWidth: (right - left) / 2,
      halfHeight: (bottom - top) / 2,
    },
    shape: (u, v) => pathDistance(points, u, v, (position) => halfWidth * (1 + (taper - 1) * position)),
    ...rest,
  };
}

/** Signed distance to a line through points whose half width depends on the position along it, 0..1. */
function pathDistance(
  points: readonly Place[],
  u: number,
  v: number,
  halfWidthAt: (position: number) => number,
): number {
  let nearest = Infinity;
  for (let i = 0; i + 1 < points.length; i++) {
    const { x, y } = points[i]!;
    const dx = points[i + 1]!.x - x;
    const dy = points[i + 1]!.y - y;
    const share = Math.min(1, Math.max(0, ((u - x) * dx + (v - y) * dy) / (dx * dx + dy * dy)));
    const right = u - x - share * dx;
    const down = v - y - share * dy;
    const distance = Math.sqrt(right * right + down * down) - halfWidthAt((i + share) / (points.length - 1));
    nearest = Math.min(nearest, distance);
  }
  return nearest;
}

/** A scratch of random direction, bend and width somewhere in a rectangle. */
export function anyScratch(random: Random, place: Place, length: readonly [number, number]): Scratch {
  return {
    ...place,
    length: between(random, ...length),
    angle: between(random, 0, Math.PI),
    bend: around(random, 0.2),
    halfWidth: between(random, 0.5, 1.1),
  };
}

/** Adds grey levels. */
export function shift(amount: number): Paint {
  return (_u, _v, out) => {
    for (let c = 0; c < 3; c++) out[c] = out[c]! + amount;
  };
}

/** Multiplies each channel, as a transparent layer does. */
export function tint(red: number, green: number, blue: number): Paint {
  return (_u, _v, out) => {
    out[0] = out[0]! * red;
    out[1] = out[1]! * green;
    out[2] = out[2]! * blue;
  };
}
