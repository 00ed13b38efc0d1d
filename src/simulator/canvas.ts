import type { Size } from "../domain/inspection.ts";

/** Colour channels 0..255, linear arithmetic on display values (good enough for a rendered line). */
export type Colour = readonly [red: number, green: number, blue: number];

/** Where part coordinates lie on the picture. Part coordinates: origin in the part's middle, unit = 1/256 of the picture's shorter side. */
export interface Pose {
  /** Shift of the part's middle from the picture's middle, part units. */
  readonly dx: number;
  readonly dy: number;
  /** Clockwise on the picture, radians. */
  readonly angle: number;
}

/** Middle and half sizes of the rectangle that a shape can touch, part units. */
export interface Bounds {
  readonly x: number;
  readonly y: number;
  readonly halfWidth: number;
  readonly halfHeight: number;
}

/** Signed distance to a shape's edge at part coordinates, part units, negative inside. */
export type Shape = (u: number, v: number) => number;

/** Changes `out` (3 numbers), which holds the colour below, to the colour at part coordinates. */
export type Paint = (u: number, v: number, out: Float32Array) => void;

/** One thing to draw: everything of `shape` is covered by `paint` at `opacity`, its edge `softness` part units wide. */
export interface Stroke {
  readonly bounds: Bounds;
  readonly shape: Shape;
  readonly paint: Paint;
  /** 0..1, default 1. */
  readonly opacity?: number;
  /** Width of the edge in part units; default one pixel (anti-aliasing). */
  readonly softness?: number;
  /** What a later stroke covers anyway and is therefore skipped. */
  readonly hidden?: Bounds;
  /** Certainly inside the shape, which is not asked there (most of a large body). */
  readonly solid?: Bounds;
}

const NOWHERE: Bounds = { x: 0, y: 0, halfWidth: -1, halfHeight: -1 };

/** A float picture that shapes in part coordinates are drawn on; later strokes lie on earlier ones. */
export interface Canvas {
  readonly size: Size;
  /** Pixels a part unit. */
  readonly scale: number;
  readonly pose: Pose;
  /** width * height * 3, row-major RGB, 0..255 and beyond. */
  readonly pixels: Float32Array;
}

export function createCanvas(size: Size, pose: Pose): Canvas {
  const scale = Math.min(size.width, size.height) / 256;
  return { size, scale, pose, pixels: new Float32Array(size.width * size.height * 3) };
}

/** Paints one stroke, anti-aliased. Visits only the pixels of its bounds; a hot loop over typed arrays. */
export function draw(canvas: Canvas, stroke: Stroke): void {
  const { size, scale, pose, pixels } = canvas;
  const softness = Math.max(stroke.softness ?? 0, 1 / scale);
  const area = pixelArea(canvas, stroke.bounds, softness);
  const cos = Math.cos(pose.angle) / scale;
  const sin = Math.sin(pose.angle) / scale;
  const middleX = size.width / 2 + pose.dx * scale;
  const middleY = size.height / 2 + pose.dy * scale;
  const { shape, paint, opacity = 1, hidden = NOWHERE, solid = NOWHERE } = stroke;
  const colour = new Float32Array(3);
  for (let y = area.top; y < area.bottom; y++) {
    for (let x = area.left; x < area.right; x++) {
      const right = x + 0.5 - middleX;
      const down = y + 0.5 - middleY;
      const u = right * cos + down * sin;
      const v = down * cos - right * sin;
      if (isWithin(hidden, u, v)) continue;
      const share = isWithin(solid, u, v) ? 1 : Math.min(1, 0.5 - shape(u, v) / softness);
      const coverage = opacity * share;
      if (coverage <= 0) continue;
      const at = (y * size.width + x) * 3;
      const red = (colour[0] = pixels[at]!);
      const green = (colour[1] = pixels[at + 1]!);
      const blue = (colour[2] = pixels[at + 2]!);
      paint(u, v, colour);
      pixels[at] = red + coverage * (colour[0] - red);
      pixels[at + 1] = green + coverage * (colour[1] - green);
      pixels[at + 2] = blue + coverage * (colour[2] - blue);
    }
  }
}

function isWithin(bounds: Bounds, u: number, v: number): boolean {
  return Math.abs(u - bounds.x) < bounds.halfWidth && Math.abs(v - bounds.y) < bounds.halfHeight;
}

/** Pixel rectangle that the rotated bounds can touch, clipped to the picture. */
function pixelArea({ size, scale, pose }: Canvas, bounds: Bounds, margin: number) {
  const cos = Math.cos(pose.angle);
  const sin = Math.sin(pose.angle);
  const x = size.width / 2 + (pose.dx + bounds.x * cos - bounds.y * sin) * scale;
  const y = size.height / 2 + (pose.dy + bounds.x * sin + bounds.y * cos) * scale;
  const halfX = (bounds.halfWidth * Math.abs(cos) + bounds.halfHeight * Math.abs(sin) + margin) * scale + 1;
  const halfY = (bounds.halfWidth * Math.abs(sin) + bounds.halfHeight * Math.abs(cos) + margin) * scale + 1;
  return {
    left: Math.max(0, Math.floor(x - halfX)),
    right: Math.min(size.width, Math.ceil(x + halfX)),
    top: Math.max(0, Math.floor(y - halfY)),
    bottom: Math.min(size.height, Math.ceil(y + halfY)),
  };
}

/** Signed distance to a rectangle with rounded corners. */
export function roundedBox({ x, y, halfWidth, halfHeight }: Bounds, radius: number): Shape {
  return (u, v) => {
    const outsideX = Math.abs(u - x) - halfWidth + radius;
    const outsideY = Math.abs(v - y) - halfHeight + radius;
    if (outsideX <= 0 || outsideY <= 0) return Math.max(outsideX, outsideY) - radius;
    return Math.sqrt(outsideX * outsideX + outsideY * outsideY) - radius;
  };
}

/** Signed distance to a disc. */
export function disc(x: number, y: number, radius: number): Shape {
  return (u, v) => Math.sqrt((u - x) * (u - x) + (v - y) * (v - y)) - radius;
}

/** One colour everywhere. */
export function flat(colour: Colour): Paint {
  return (_u, _v, out) => {
    out[0] = colour[0];
    out[1] = colour[1];
    out[2] = colour[2];
  };
}
