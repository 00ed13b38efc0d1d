import {
  draw,
  roundedBox,
  type Canvas,
  type Colour,
  type Paint,
  type Shape,
  type Stroke,
} from "../canvas.ts";
import { around, below, between, pick, type Random } from "../draws.ts";
import { productOf } from "../family.ts";
import { pathStroke, tint, wanderingPath } from "../marks.ts";
import { createSeamlessTile } from "../noise-tile.ts";
import { printText, type Print } from "../print.ts";

/** A fuse box as data: two rows of four slots, each made for one rating; lengths in part units. */
interface FuseBox {
  /** Slot by slot, row by row; null: nothing plugged in. */
  readonly fuses: readonly (Fuse | null)[];
  readonly seed: number;
  readonly marks: readonly Stroke[];
}

interface Fuse {
  readonly rating: Rating;
  /** Seat in the slot. */
  readonly dx: number;
  readonly dy: number;
  readonly angle: number;
  /** Shade of the plastic, 1: usual. */
  readonly shade: number;
  /** Where the window mirrors the lamp, -1..1. */
  readonly glare: number;
  readonly blown: boolean;
}

const RATINGS = ["10", "15", "20", "25", "30"] as const;
type Rating = (typeof RATINGS)[number];

/** Colours of ISO 8820-3. */
const COLOURS: Readonly<Record<Rating, Colour>> = {
  "10": [176, 46, 44],
  "15": [52, 92, 168],
  "20": [206, 176, 50],
  "25": [188, 188, 182],
  "30": [56, 142, 82],
};
/** What belongs in each slot. */
const SLOTS: readonly Rating[] = ["10", "15", "10", "20", "30", "15", "25", "10"];
const SLOT = { halfWidth: 20, halfHeight: 32 };
const FUSE = { halfWidth: 17, halfHeight: 27 };
const WINDOW = { x: 0, y: -5, halfWidth: 9, halfHeight: 11 };
const DOT = 2;
const INKS = Object.fromEntries(RATINGS.map((rating) => [rating, printText(rating, DOT)])) as Record<
  Rating,
  Print
>;
const HOUSING = createSeamlessTile(341, [
  { across: 1.4, along: 1.4, weight: 5 },
  { across: 30, along: 30, weight: 3 },
]);
const EVERYWHERE = { x: 0, y: 0, halfWidth: 200, halfHeight: 200 };

export const FUSES = productOf<FuseBox>({
  name: "fuses",
  summary: "fuse box whose slots want their colours; missing, swapped, wrong, tilted and blown fuses",
  conditions: {
    shift: 3,
    turn: 0.02,
    exposure: 0.1,
    gradient: 0.09,
    warmth: 0.02,
    noise: [2.5, 4],
    blur: [0.3, 0.7],
  },
  good: (random, seed) => ({ fuses: SLOTS.map((rating) => plug(rating, random)), seed, marks: [] }),
  defects: {
    missing: (box, random) => replace(box, below(random, SLOTS.length), () => null),
    swapped: (box, random) => swap(box, random),
    wrong: (box, random) => {
      const slot = below(random, SLOTS.length);
      const rating = pick(
        random,
        RATINGS.filter((other) => other !== SLOTS[slot]),
      );
      return replace(box, slot, (fuse) => ({ ...fuse, rating }));
    },
    tilted: (box, random) => {
      const way = random() < 0.5 ? -1 : 1;
      const angle = way * between(random, 0.07, 0.18);
      const dy = around(random, 4);
      return replace(box, below(random, SLOTS.length), (fuse) => ({ ...fuse, angle, dy }));
    },
    blown: (box, random) => replace(box, below(random, SLOTS.length), (fuse) => ({ ...fuse, blown: true })),
    crack: (box, random) => ({ ...box, marks: [crack(random)] }),
  },
  draw: drawBox,
});

function plug(rating: Rating, random: Random): Fuse {
  return {
    rating,
    dx: around(random, 0.8),
    dy: around(random, 1),
    angle: around(random, 0.02),
    shade: 1 + around(random, 0.08),
    glare: around(random, 1),
    blown: false,
  };
}

function replace(box: FuseBox, slot: number, change: (fuse: Fuse) => Fuse | null): FuseBox {
  return { ...box, fuses: box.fuses.map((fuse, i) => (i === slot && fuse !== null ? change(fuse) : fuse)) };
}

/** Exchanges two fuses of different ratings: every fuse is there, the arrangement is wrong. */
function swap(box: FuseBox, random: Random): FuseBox {
  const first = below(random, SLOTS.length);
  const others = SLOTS.flatMap((rating, slot) => (rating === SLOTS[first] ? [] : [slot]));
  const second = pick(random, others);
  const given = replace(box, first, (fuse) => ({ ...fuse, rating: SLOTS[second]! }));
  return replace(given, second, (fuse) => ({ ...fuse, rating: SLOTS[first]! }));
}

/** Across the housing, between the rows or at the rim, where nothing covers it. */
function crack(random: Random): Stroke {
  const start = { x: around(random, 70), y: pick(random, [-80, -2, 2, 80]), angle: around(random, 0.4) };
  const points = wanderingPath(random, start, { length: between(random, 16, 40), step: 4, jitter: 0.5 });
  return pathStroke(points, between(random, 0.6, 1.1), {
    paint: tint(0.25, 0.25, 0.25),
    opacity: 0.9,
    taper: 0.4,
  });
}

function drawBox(canvas: Canvas, { fuses, seed, marks }: FuseBox): void {
  const shiftX = (seed * 37) & 255;
  const housing: Paint = (u, v, out) => {
    const edge = Math.abs(Math.abs(v) - 88) < 1.5 || Math.abs(Math.abs(u) - 112) < 1.5 ? 16 : 0;
    const light = 58 + HOUSING(u + shiftX, v) + edge;
    out[0] = light;
    out[1] = light + 1;
    out[2] = light + 3;
  };
  draw(canvas, { bounds: EVERYWHERE, shape: () => -9, paint: housing, solid: EVERYWHERE });
  for (const stroke of marks) draw(canvas, stroke);
  fuses.forEach((fuse, slot) => {
    const x = -81 + 54 * (slot % 4);
    const y = slot < 4 ? -41 : 41;
    drawSlot(canvas, x, y);
    if (fuse !== null) drawFuse(canvas, fuse, x, y);
  });
}

/** The well with its two contacts, which a fuse hides. */
function drawSlot(canvas: Canvas, x: number, y: number): void {
  const well = { x, y, ...SLOT };
  draw(canvas, {
    bounds: well,
    shape: roundedBox(well, 3),
    paint: (_u, v, out) => {
      out.fill(22 + (v - y) * 0.25);
    },
    softness: 2,
  });
  for (const side of [-1, 1]) {
    const contact = { x: x + side * 9, y, halfWidth: 2.2, halfHeight: 10 };
    draw(canvas, { bounds: contact, shape: roundedBox(contact, 0.8), paint: (_u, _v, out) => out.fill(118) });
  }
}

function drawFuse(canvas: Canvas, fuse: Fuse, slotX: number, slotY: number): void {
  const x = slotX + fuse.dx;
  const y = slotY + fuse.dy;
  const cos = Math.cos(fuse.angle);
  const sin = Math.sin(fuse.angle);
  const place =
    (shape: Shape): Shape =>
    (u, v) =>
      shape((u - x) * cos + (v - y) * sin, (v - y) * cos - (u - x) * sin);
  const body = roundedBox({ x: 0, y: 0, ...FUSE }, 3);
  const bounds = { x, y, halfWidth: FUSE.halfWidth + 8, halfHeight: FUSE.halfHeight + 8 };
  draw(canvas, {
    bounds,
    shape: place((u, v) => body(u - 2, v - 3)),
    paint: tint(0.45, 0.45, 0.45),
    softness: 6,
    opacity: 0.8,
  });
  const look = plastic(fuse);
  const paint: Paint = (u, v, out) => {
    look((u - x) * cos + (v - y) * sin, (v - y) * cos - (u - x) * sin, out);
  };
  draw(canvas, { bounds, shape: place(body), paint });
}

/** Coloured plastic with a clear window over the fuse wire, and the rating in white below; in the fuse's own coordinates. */
function plastic({ rating, shade, glare, blown }: Fuse): Paint {
  const colour = COLOURS[rating];
  const ink = INKS[rating];
  const window = roundedBox(WINDOW, 2);
  const wire = wireShape(blown);
  return (right, down, out) => {
    const rim = Math.abs(right) > FUSE.halfWidth - 2 || Math.abs(down) > FUSE.halfHeight - 2 ? 0.16 : 0;
    const light = shade * (1 - 0.006 * down - (right + down > 0 ? rim : -rim));
    const inWindow = Math.min(1, Math.max(0, 0.5 - window(right, down)));
    const metal = inWindow * Math.min(1, Math.max(0, 0.5 - wire(right, down)));
    const smoke = blown ? 0.72 + 0.02 * Math.abs(right) : 1;
    const shine = 44 * inWindow * Math.max(0, 1 - Math.abs((right + 0.5 * down) / 5 - glare * 2.4));
    const letters = 0.85 * ink(right + 4 * DOT - 0.5 * DOT, down - 11);
    for (let c = 0; c < 3; c++) {
      const plain = colour[c as 0 | 1 | 2] * light;
      const behind = plain * (1 - 0.42 * inWindow) * (inWindow > 0 ? smoke : 1);
      const wired = behind + metal * (176 * smoke - behind);
      out[c] = wired + letters * (228 - wired) + shine;
    }
  };
}

/** The wire seen in the window: two legs and an arch, melted in its middle if blown. */
function wireShape(blown: boolean): Shape {
  return (u, v) => {
    const leg = Math.max(Math.abs(Math.abs(u) - 5.5) - 1.2, -4 - v);
    const arch = Math.max(Math.abs(Math.sqrt(u * u + (v + 4) * (v + 4)) - 5.5) - 1.2, v + 4);
    const gap = blown ? 3.2 - Math.sqrt(u * u * 0.7 + (v + 9.5) * (v + 9.5)) : -9;
    return Math.max(Math.min(leg, arch), gap);
  };
}
