import {
  draw,
  disc,
  flat,
  roundedBox,
  type Canvas,
  type Colour,
  type Paint,
  type Shape,
  type Bounds,
} from "./canvas.ts";
import { createNoiseTile } from "./noise-tile.ts";
import { printLabel, printText } from "./print.ts";
import {
  CONNECTOR,
  LABEL_SIZE,
  PLATE,
  RELAY_HALF,
  SCREW_RADIUS,
  type Assembly,
  type Capacitor,
  type Label,
  type Pin,
  type Relay,
  type Screw,
} from "./assembly.ts";

const BRUSH = createNoiseTile(11, [
  { across: 48, along: 1.1, weight: 7 },
  { across: 14, along: 0.9, weight: 4 },
  { across: 90, along: 30, weight: 4 },
]);
const PLASTIC = createNoiseTile(12, [{ across: 1.5, along: 1.5, weight: 4 }]);
const LABEL_INK = printLabel(LABEL_SIZE.width, LABEL_SIZE.height);
const RELAY_INK = printText("K1", 3);
/** Nothing is broken out of a body farther from its edge than this. */
const DEEPEST_CHIP = 14;
const GOLD: Colour = [214, 172, 92];

/** Draws the whole part with its shadow onto the ground that is already there. */
export function drawPart(canvas: Canvas, assembly: Assembly): void {
  drawPlate(canvas, assembly);
  if (assembly.label !== null) drawLabel(canvas, assembly.label);
  drawConnector(canvas, assembly.pins);
  drawRelay(canvas, assembly.relay);
  drawCapacitor(canvas, assembly.capacitor);
  for (const screw of assembly.screws) drawScrew(canvas, screw);
  for (const mark of assembly.marks) draw(canvas, mark);
}

function drawPlate(canvas: Canvas, { chips, textureSeed }: Assembly): void {
  const whole = roundedBox(PLATE, 9);
  const broken: Shape = (u, v) => chips.reduce((edge, chip) => Math.max(edge, -chip(u, v)), whole(u, v));
  const shape = chips.length > 0 ? broken : whole;
  drawShadow(canvas, { ...PLATE, shape, height: 5 });
  const inner = shrunk(PLATE, DEEPEST_CHIP);
  const shiftX = (textureSeed * 37) & 255;
  const shiftY = (textureSeed * 101) & 255;
  const metal: Paint = (u, v, out) => {
    const isEdge = (Math.abs(u) > inner.halfWidth || Math.abs(v) > inner.halfHeight) && shape(u, v) > -2.2;
    const bevel = isEdge ? (u + v * 1.4 < 0 ? 26 : -38) : 0;
    const light = 158 + 12 * Math.cos((u + 20) / 60) + BRUSH(u + shiftX, v + shiftY) + bevel;
    out[0] = light;
    out[1] = light + 1;
    out[2] = light + 5;
  };
  draw(canvas, { bounds: PLATE, shape, paint: metal, solid: inner });
}

function shrunk(bounds: Bounds, margin: number): Bounds {
  return { ...bounds, halfWidth: bounds.halfWidth - margin, halfHeight: bounds.halfHeight - margin };
}

/** Soft shadow to the lower right, as a ring light with one weaker side gives. */
function drawShadow(
  canvas: Canvas,
  body: { x: number; y: number; halfWidth: number; halfHeight: number; shape: Shape; height: number },
): void {
  const { height, shape } = body;
  draw(canvas, {
    bounds: { ...body, halfWidth: body.halfWidth + 2 * height, halfHeight: body.halfHeight + 2 * height },
    shape: (u, v) => shape(u - height * 0.6, v - height * 0.8),
    paint: (_u, _v, out) => {
      for (let c = 0; c < 3; c++) out[c] = out[c]! * 0.42;
    },
    softness: height * 2,
    opacity: 0.8,
    hidden: shrunk(body, DEEPEST_CHIP),
  });
}

function drawLabel(canvas: Canvas, label: Label): void {
  const cos = Math.cos(label.angle);
  const sin = Math.sin(label.angle);
  const { width, height } = LABEL_SIZE;
  const right = (u: number, v: number): number => (u - label.x) * cos + (v - label.y) * sin;
  const down = (u: number, v: number): number => (v - label.y) * cos - (u - label.x) * sin;
  const box = roundedBox({ x: 0, y: 0, halfWidth: width / 2, halfHeight: height / 2 }, 2);
  const bounds = { x: label.x, y: label.y, halfWidth: width / 2 + 10, halfHeight: height / 2 + 10 };
  const shape: Shape = (u, v) => box(right(u, v), down(u, v));
  drawShadow(canvas, { ...bounds, shape, height: 1 });
  const paper: Paint = (u, v, out) => {
    const ink = LABEL_INK(right(u, v) + width / 2, down(u, v) + height / 2);
    const light = 226 + PLASTIC(u, v) - ink * 192;
    out[0] = light;
    out[1] = light;
    out[2] = light - 6 + ink * 8;
  };
  draw(canvas, { bounds, shape, paint: paper });
}

function drawConnector(canvas: Canvas, pins: readonly Pin[]): void {
  const shape = roundedBox(CONNECTOR, 3);
  drawShadow(canvas, { ...CONNECTOR, shape, height: 4 });
  draw(canvas, { bounds: CONNECTOR, shape, paint: plastic([46, 47, 50], shape) });
  const well = { ...CONNECTOR, halfWidth: CONNECTOR.halfWidth - 4, halfHeight: CONNECTOR.halfHeight - 4 };
  draw(canvas, { bounds: well, shape: roundedBox(well, 2), paint: flat([24, 24, 26]) });
  for (const pin of pins) drawPin(canvas, pin);
}

function drawPin(canvas: Canvas, pin: Pin): void {
  if (pin.kind === "missing") {
    const hole = { x: pin.x, y: pin.y, halfWidth: 1.8, halfHeight: 1.8 };
    draw(canvas, { bounds: hole, shape: roundedBox(hole, 0.5), paint: flat([10, 10, 11]) });
    return;
  }
  const lean = pin.kind === "bent" ? 0.85 : 0;
  const bounds = { x: pin.x, y: pin.y, halfWidth: 7, halfHeight: 7 };
  const body = roundedBox({ x: 0, y: 0, halfWidth: 2.4, halfHeight: 6 }, 1);
  const cos = Math.cos(lean);
  const sin = Math.sin(lean);
  const shape: Shape = (u, v) =>
    body((u - pin.x) * cos + (v - pin.y) * sin, (v - pin.y) * cos - (u - pin.x) * sin);
  const metal: Paint = (u, _v, out) => {
    const shine = 1.12 - 0.16 * Math.abs(u - pin.x + 0.8);
    for (let c = 0; c < 3; c++) out[c] = GOLD[c]! * shine;
  };
  draw(canvas, { bounds, shape, paint: metal });
}

function drawRelay(canvas: Canvas, relay: Relay): void {
  const bounds = { x: relay.x, y: relay.y, halfWidth: RELAY_HALF.width, halfHeight: RELAY_HALF.height };
  const shape = roundedBox(bounds, 3);
  drawShadow(canvas, { ...bounds, shape, height: 6 });
  draw(canvas, { bounds, shape, paint: plastic([58, 59, 63], shape) });
  const way = relay.reversed ? -1 : 1;
  const ink: Paint = (u, v, out) => {
    const amount = RELAY_INK(way * (u - relay.x) + 10.5, way * (v - relay.y) + 8) * 0.8;
    for (let c = 0; c < 3; c++) out[c] = out[c]! * (1 - amount) + 205 * amount;
  };
  draw(canvas, { bounds, shape, paint: ink });
  const dot = { x: relay.x - way * 17, y: relay.y - way * 21, halfWidth: 4, halfHeight: 4 };
  draw(canvas, { bounds: dot, shape: disc(dot.x, dot.y, 2.6), paint: flat([206, 206, 200]) });
  const band = { x: relay.x, y: relay.y + way * 20, halfWidth: RELAY_HALF.width, halfHeight: 2 };
  draw(canvas, { bounds: band, shape: roundedBox(band, 0), paint: flat([168, 148, 44]), opacity: 0.85 });
}

/** Moulded plastic: fine grain and a lighter upper left edge. */
function plastic(colour: Colour, shape: Shape): Paint {
  return (u, v, out) => {
    const grain = PLASTIC(u, v) + (shape(u, v) > -2 ? 20 : 0) - (u + v) * 0.03;
    for (let c = 0; c < 3; c++) out[c] = colour[c]! + grain;
  };
}

function drawCapacitor(canvas: Canvas, capacitor: Capacitor | null): void {
  if (capacitor === null) {
    drawEmptyPads(canvas);
    return;
  }
  const { x, y, radius, sleeve } = capacitor;
  const bounds = { x, y, halfWidth: radius, halfHeight: radius };
  const shape = disc(x, y, radius);
  drawShadow(canvas, { ...bounds, shape, height: 6 });
  const body: Paint = (u, v, out) => {
    const dark = u - x > radius * 0.45 ? 0.45 : 1; // the minus stripe
    const round = dark * (1.1 - (0.25 * (u - x + v - y)) / radius);
    for (let c = 0; c < 3; c++) out[c] = sleeve[c as 0 | 1 | 2] * round;
  };
  draw(canvas, { bounds, shape, paint: body });
  const cap = disc(x, y, radius * 0.72);
  const aluminium: Paint = (u, v, out) => {
    const vent = Math.abs(u - x) < 0.7 || Math.abs(v - y) < 0.7 ? -50 : 0;
    out.fill(196 - ((u - x + v - y) * 14) / radius + vent);
  };
  draw(canvas, { bounds, shape: cap, paint: aluminium });
}

/** What shows where the capacitor should be: two solder pads in the mark of its outline. */
function drawEmptyPads(canvas: Canvas): void {
  const outline: Shape = (u, v) => Math.abs(disc(58, 44, 13)(u, v)) - 0.7;
  draw(canvas, {
    bounds: { x: 58, y: 44, halfWidth: 14, halfHeight: 14 },
    shape: outline,
    paint: flat([232, 232, 230]),
  });
  for (const x of [53, 63]) {
    const bounds = { x, y: 44, halfWidth: 3.2, halfHeight: 3.2 };
    draw(canvas, { bounds, shape: disc(x, 44, 3.2), paint: flat([196, 190, 170]) });
    draw(canvas, { bounds, shape: disc(x, 44, 1.3), paint: flat([30, 28, 26]) });
  }
}

function drawScrew(canvas: Canvas, { x, y, kind, turn }: Screw): void {
  const sink = { x, y, halfWidth: SCREW_RADIUS + 2.5, halfHeight: SCREW_RADIUS + 2.5 };
  draw(canvas, {
    bounds: sink,
    shape: disc(x, y, SCREW_RADIUS + 1.8),
    paint: flat([104, 105, 109]),
    softness: 2,
  });
  if (kind === "missing") {
    draw(canvas, {
      bounds: sink,
      shape: disc(x, y, SCREW_RADIUS - 1.5),
      paint: flat([22, 22, 23]),
      softness: 1.5,
    });
    return;
  }
  const colour: Colour = kind === "steel" ? [188, 190, 194] : [186, 150, 74];
  const head: Paint = (u, v, out) => {
    const shine = 1.06 - ((u - x) * 0.5 + (v - y)) * 0.022;
    for (let c = 0; c < 3; c++) out[c] = colour[c]! * shine;
  };
  draw(canvas, { bounds: sink, shape: disc(x, y, SCREW_RADIUS), paint: head });
  const cos = Math.cos(turn);
  const sin = Math.sin(turn);
  const across = roundedBox({ x: 0, y: 0, halfWidth: 4.6, halfHeight: 1.1 }, 0.4);
  const cross: Shape = (u, v) => {
    const right = (u - x) * cos + (v - y) * sin;
    const down = (v - y) * cos - (u - x) * sin;
    return Math.min(across(right, down), across(down, right));
  };
  draw(canvas, { bounds: sink, shape: cross, paint: flat([58, 58, 60]) });
}
