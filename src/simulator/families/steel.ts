import { draw, type Canvas, type Paint, type Stroke } from "../canvas.ts";
import { around, below, between, type Random } from "../draws.ts";
import { productOf } from "../family.ts";
import { anyScratch, blot, hollow, scratchMarks, shift, tint, type Place, pool } from "../marks.ts";
import { createSeamlessTile } from "../noise-tile.ts";

/** A piece of cold-rolled strip as data; lengths in part units, the rolling direction is along u. */
interface Strip {
  readonly seed: number;
  readonly brightness: number;
  /** Strength of the grain, of broad bands and of rolled-in streaks, 1: usual. */
  readonly grain: number;
  readonly bands: number;
  readonly streaks: number;
  readonly marks: readonly Stroke[];
}

const GRAIN = createSeamlessTile(321, [
  { across: 26, along: 1.2, weight: 9 },
  { across: 9, along: 1.2, weight: 6 },
]);
const BANDS = createSeamlessTile(322, [
  { across: 256, along: 36, weight: 9 },
  { across: 128, along: 12, weight: 4 },
]);
const STREAKS = createSeamlessTile(323, [{ across: 85, along: 2.4, weight: 1 }]);
const CLOUDS = createSeamlessTile(324, [{ across: 50, along: 40, weight: 1 }]);
const EVERYWHERE = { x: 0, y: 0, halfWidth: 200, halfHeight: 200 };

export const STEEL = productOf<Strip>({
  name: "steel",
  summary: "cold-rolled strip with bands and streaks of its own; scratches, dents, rust, inclusions, pits",
  conditions: {
    shift: 0,
    turn: 0.03,
    exposure: 0.12,
    gradient: 0.12,
    warmth: 0.015,
    noise: [2.5, 4.5],
    blur: [0.3, 0.9],
  },
  good: (random, seed) => ({
    seed,
    brightness: 146 + around(random, 16),
    grain: between(random, 0.75, 1.25),
    bands: between(random, 0.5, 1.4),
    streaks: between(random, 0.3, 1.3),
    marks: [],
  }),
  defects: {
    scratch: (strip, random) => {
      const scratch = anyScratch(random, anywhere(random), [26, 90]);
      return { ...strip, marks: scratchMarks(scratch, 34, -34, between(random, 0.5, 1)) };
    },
    dent: (strip, random) => ({
      ...strip,
      marks: [hollow(anywhere(random), between(random, 6, 13), between(random, 18, 36))],
    }),
    rust: (strip, random) => ({ ...strip, marks: rust(random) }),
    inclusion: (strip, random) => ({ ...strip, marks: [inclusion(random)] }),
    pits: (strip, random) => ({ ...strip, marks: pits(random) }),
    oil: (strip, random) => ({ ...strip, marks: [oil(random)] }),
  },
  draw: (canvas: Canvas, strip) => {
    draw(canvas, { bounds: EVERYWHERE, shape: () => -9, paint: rolled(strip), solid: EVERYWHERE });
    for (const stroke of strip.marks) draw(canvas, stroke);
  },
});

function anywhere(random: Random): Place {
  return { x: around(random, 100), y: around(random, 100) };
}

function rust(random: Random): Stroke[] {
  const { x, y } = anywhere(random);
  const spread = between(random, 5, 16);
  return Array.from({ length: 3 + below(random, 6) }, () =>
    blot({ x: x + around(random, spread), y: y + around(random, spread) }, between(random, 1.5, 5), {
      seed: below(random, 65536),
      paint: tint(0.88, 0.72, 0.56),
      opacity: between(random, 0.5, 0.95),
      softness: 2.5,
    }),
  );
}

/** Slag rolled into a sliver along the strip. */
function inclusion(random: Random): Stroke {
  const { x, y } = anywhere(random);
  const halfLength = between(random, 10, 34);
  const halfWidth = between(random, 0.9, 2.2);
  const darkness = between(random, 26, 60);
  return {
    bounds: { x, y, halfWidth: halfLength, halfHeight: halfWidth },
    shape: (u, v) => {
      const along = (u - x) / halfLength;
      return Math.abs(v - y) - halfWidth * (1 - along * along);
    },
    paint: (u, v, out) => {
      const light = darkness * (1 + 0.5 * STREAKS(u * 3, v * 2));
      for (let c = 0; c < 3; c++) out[c] = out[c]! - light;
    },
    softness: 1.4,
  };
}

function pits(random: Random): Stroke[] {
  const { x, y } = anywhere(random);
  const spread = between(random, 6, 18);
  return Array.from({ length: 5 + below(random, 10) }, () =>
    hollow(
      { x: x + around(random, spread), y: y + around(random, spread) },
      between(random, 1.3, 2.4),
      between(random, 28, 60),
    ),
  );
}

/** A thin film that darkens softly. */
function oil(random: Random): Stroke {
  return pool(anywhere(random), between(random, 12, 30), {
    seed: below(random, 65536),
    paint: shift(-between(random, 12, 26)),
    opacity: 1,
    softness: between(random, 4, 12),
  });
}

function rolled({ seed, brightness, grain, bands, streaks }: Strip): Paint {
  const shiftX = (seed * 37) & 255;
  const shiftY = (seed * 101) & 255;
  return (u, v, out) => {
    const x = u + shiftX;
    const y = v + shiftY;
    const streak = Math.max(0, STREAKS(x, y + shiftX) - 0.5) * 36;
    const light =
      brightness +
      grain * GRAIN(x, y) +
      bands * BANDS(x, y + 0.5 * shiftX) +
      7 * CLOUDS(x, shiftY + v) -
      streaks * streak;
    out[0] = light;
    out[1] = light + 1;
    out[2] = light + 4;
  };
}
