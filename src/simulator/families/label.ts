import { draw, roundedBox, type Canvas, type Paint, type Stroke } from "../canvas.ts";
import { around, below, between, pick, type Random } from "../draws.ts";
import { productOf } from "../family.ts";
import { blot } from "../marks.ts";
import { createNoiseTile, createSeamlessTile } from "../noise-tile.ts";
import { createInk, type Print } from "../print.ts";
import type { Scene } from "../scene.ts";

/** A printed label on a carton as data; lengths in part units. */
interface Label {
  readonly seed: number;
  /** Lines of print, top first; the last one counts up from label to label. */
  readonly lines: readonly string[];
  /** Where the black plate prints against the colour plate. */
  readonly offsetX: number;
  readonly offsetY: number;
  /** Ink on the paper, 0..1. */
  readonly density: number;
  readonly band: readonly [number, number, number];
  /** Ink dragged along u while wet, on a strip of the label. */
  readonly smear: { readonly y: number; readonly halfHeight: number; readonly length: number } | null;
  /** A strip along v that the print head hardly reached. */
  readonly starved: { readonly x: number; readonly halfWidth: number; readonly left: number } | null;
  /** A crease from top to bottom. */
  readonly crease: { readonly x: number; readonly lean: number; readonly strength: number } | null;
  readonly marks: readonly Stroke[];
}

const PAPER = { x: 0, y: 0, halfWidth: 108, halfHeight: 82 };
const LINES = [
  "ASSAY PHARMA",
  "VITAMIN C 500MG",
  "60 TABLETS ORAL USE",
  "KEEP DRY BELOW 25 C",
  "EXP 04-2029",
];
/** Upper left corner and dot size of each line, in part units from the label's corner. */
const LAYOUT = [
  { x: 14, y: 11, dot: 3 },
  { x: 14, y: 46, dot: 2.5 },
  { x: 14, y: 68, dot: 2 },
  { x: 14, y: 84, dot: 2 },
  { x: 14, y: 104, dot: 2 },
  { x: 14, y: 120, dot: 2 },
];
const SMEAR_STEPS = 6;
const CARTON = createNoiseTile(351, [
  { across: 5, along: 1.3, weight: 6 },
  { across: 40, along: 40, weight: 4 },
]);
const FIBRES = createSeamlessTile(352, [
  { across: 1.3, along: 1.3, weight: 4 },
  { across: 9, along: 9, weight: 2.5 },
]);

export const LABEL = productOf<Label>({
  name: "label",
  summary: "printed label with a running number on a carton; smears, missing and wrong letters, misprints",
  conditions: {
    shift: 5,
    turn: 0.03,
    exposure: 0.08,
    gradient: 0.08,
    warmth: 0.02,
    noise: [2.5, 4],
    blur: [0.3, 0.8],
  },
  good: (random, seed) => {
    const dye = around(random, 8);
    return {
      seed,
      lines: [...LINES, `LOT ${runningNumber(random)}`],
      offsetX: around(random, 0.4),
      offsetY: around(random, 0.4),
      density: between(random, 0.85, 0.95),
      band: [36 + dye, 108 + dye, 128 + around(random, 8)],
      smear: null,
      starved: null,
      crease: null,
      marks: [],
    };
  },
  defects: {
    smear: (label, random) => ({
      ...label,
      smear: {
        y: between(random, -30, 55),
        halfHeight: between(random, 6, 14),
        length: between(random, 8, 20),
      },
    }),
    missing: (label, random) => changeLetters(label, random, 1 + below(random, 3), () => " "),
    wrong: (label, random) =>
      changeLetters(label, random, 1, (letter) =>
        pick(
          random,
          Array.from("AETVZ").filter((l) => l !== letter),
        ),
      ),
    offset: (label, random) => ({
      ...label,
      offsetX: (random() < 0.5 ? -1 : 1) * between(random, 2.5, 6),
      offsetY: around(random, 4),
    }),
    starved: (label, random) => ({
      ...label,
      starved: {
        x: between(random, -80, 40),
        halfWidth: between(random, 6, 14),
        left: between(random, 0.15, 0.5),
      },
    }),
    blot: (label, random) => ({ ...label, marks: [inkBlot(random)] }),
    crease: (label, random) => ({
      ...label,
      crease: { x: around(random, 80), lean: around(random, 0.5), strength: between(random, 16, 32) },
    }),
  },
  draw: drawLabel,
});

function runningNumber(random: Random): string {
  const digits = Array.from({ length: 8 }, () => String(below(random, 10)));
  return `${digits.slice(0, 4).join("")}-${digits.slice(4).join("")}`;
}

/** Changes letters that stand side by side in one of the fixed lines. */
function changeLetters(
  label: Label,
  random: Random,
  count: number,
  change: (letter: string) => string,
): Label {
  const line = below(random, LINES.length);
  const text = Array.from(LINES[line] ?? "");
  const inked = text.flatMap((letter, i) => (letter === " " ? [] : [i]));
  const first = pick(random, inked);
  const changed = text.map((letter, i) =>
    i >= first && i < first + count && letter !== " " ? change(letter) : letter,
  );
  return { ...label, lines: label.lines.map((old, i) => (i === line ? changed.join("") : old)) };
}

function inkBlot(random: Random): Stroke {
  const place = { x: around(random, 90), y: around(random, 65) };
  return blot(place, between(random, 2.4, 6), {
    seed: below(random, 65536),
    paint: (_u, _v, out) => {
      out.fill(44);
    },
    opacity: between(random, 0.6, 0.95),
    softness: 1.5,
  });
}

function drawLabel(canvas: Canvas, label: Label, { groundX, groundY }: Scene): void {
  const everywhere = { x: 0, y: 0, halfWidth: 200, halfHeight: 200 };
  const carton: Paint = (u, v, out) => {
    const light = CARTON(u + groundX, v + groundY);
    out[0] = 158 + light;
    out[1] = 126 + light;
    out[2] = 92 + 0.8 * light;
  };
  draw(canvas, { bounds: everywhere, shape: () => -9, paint: carton, solid: everywhere });
  const shape = roundedBox(PAPER, 5);
  const reach = { ...PAPER, halfWidth: PAPER.halfWidth + 4, halfHeight: PAPER.halfHeight + 4 };
  draw(canvas, {
    bounds: reach,
    shape: (u, v) => shape(u - 1, v - 1.4),
    paint: (_u, _v, out) => {
      for (let c = 0; c < 3; c++) out[c] = out[c]! * 0.6;
    },
    softness: 3,
  });
  draw(canvas, { bounds: PAPER, shape, paint: printed(label) });
  for (const stroke of label.marks) draw(canvas, stroke);
}

function blackPlate(lines: readonly string[]): Print {
  const ink = createInk(2 * PAPER.halfWidth, 2 * PAPER.halfHeight);
  lines.forEach((line, i) => {
    const { x, y, dot } = LAYOUT[i]!;
    ink.text(line, x, y, dot);
  });
  ink.bars(142, 104, 28);
  ink.box(14, 63, 188, 1);
  return ink.print;
}

/** Paper under a colour band and the black plate, with what went wrong on the press. */
function printed(label: Label): Paint {
  const { seed, offsetX, offsetY, density, band, smear, starved, crease } = label;
  const plate = blackPlate(label.lines);
  const shiftX = (seed * 37) & 255;
  const shiftY = (seed * 101) & 255;
  return (u, v, out) => {
    const x = u + PAPER.halfWidth - offsetX;
    const y = v + PAPER.halfHeight - offsetY;
    let black = plate(x, y);
    if (smear !== null && Math.abs(v - smear.y) < smear.halfHeight) {
      for (let step = 1; step <= SMEAR_STEPS; step++) {
        const share = step / SMEAR_STEPS;
        black = Math.max(black, (1 - share) * 0.75 * plate(x - share * smear.length, y));
      }
    }
    if (starved !== null) {
      const across = Math.abs(u - starved.x) / starved.halfWidth;
      if (across < 1) black *= 1 - (1 - starved.left) * Math.min(1, 3 * (1 - across));
    }
    const fibres = FIBRES(u + shiftX, v + shiftY);
    const coloured = v < -46 ? 1 : 0;
    const inked = coloured === 1 && v < -47 ? 1 : coloured * 0.5;
    const fold = crease === null ? 0 : creaseLight(u - crease.x - crease.lean * v) * crease.strength;
    for (let c = 0; c < 3; c++) {
      const paper = 222 - 3 * c;
      const under = paper + inked * (band[c as 0 | 1 | 2] - paper) + fibres;
      const letter = coloured === 1 ? 226 : 42; // white in the band
      out[c] = under + black * density * (letter - under) + fold;
    }
  };
}

/** Bright on one side of a fold, dark on the other. */
function creaseLight(across: number): number {
  return Math.abs(across) > 5 ? 0 : Math.sin((across * Math.PI) / 5) * (1 - Math.abs(across) / 5) * 1.6;
}
