import { interpolateTurbo } from "d3-scale-chromatic";

/** The turbo colour map (Mikhailov 2019), 256 RGB entries from low (dark blue) to high (dark red). */
export const TURBO: Uint8Array = Uint8Array.from(
  Array.from({ length: 256 }, (_, index) => rgbOf(interpolateTurbo(index / 255))).flat(),
);

function rgbOf(text: string): number[] {
  const channels = /^rgb\((\d+), (\d+), (\d+)\)$/.exec(text);
  if (channels === null)
    throw new RangeError(`d3-scale-chromatic gave "${text}" for a colour; expected rgb(r, g, b)`);
  return channels.slice(1).map(Number);
}
