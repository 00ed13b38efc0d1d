import type { Canvas } from "./canvas.ts";

/** A pixel belongs to the defect if it changes some channel by more than this many grey levels (before lens and sensor). */
const VISIBLE = 6;
/** Gaps between changed pixels up to twice this wide belong to the defect too, part units: texture hides it there by chance. */
const GAP = 1.6;

/** The defect's pixels, width * height, 0/1: where the spoilt part looks different from the same part without its defect. */
export function changedPixels(spoilt: Canvas, good: Canvas): Uint8Array {
  const { width, height } = spoilt.size;
  const changed = new Uint8Array(width * height);
  for (let i = 0; i < spoilt.pixels.length; i++) {
    if (Math.abs(spoilt.pixels[i]! - good.pixels[i]!) > VISIBLE) changed[Math.floor(i / 3)] = 1;
  }
  const reach = Math.max(1, Math.round(GAP * spoilt.scale));
  const grown = spread(changed, width, reach, 1);
  return spread(grown, width, reach, 0);
}

/** Gives `value` to every pixel that has it within a square of `reach` pixels each way. */
function spread(mask: Uint8Array, width: number, reach: number, value: 0 | 1): Uint8Array {
  return spreadAlong(spreadAlong(mask, width, 1, { reach, value }), width, width, { reach, value });
}

function spreadAlong(
  mask: Uint8Array,
  width: number,
  step: number,
  { reach, value }: { readonly reach: number; readonly value: 0 | 1 },
): Uint8Array {
  const out = mask.slice();
  for (let at = 0; at < mask.length; at++) {
    if (mask[at] !== value) continue;
    const first = step === 1 ? at - (at % width) : at % width;
    const last = step === 1 ? first + width - 1 : mask.length - width + first;
    const from = Math.max(first, at - reach * step);
    const to = Math.min(last, at + reach * step);
    for (let near = from; near <= to; near += step) out[near] = value;
  }
  return out;
}
