import { describe, expect, test } from "vitest";
import { checkImage, FrozenCheck } from "../../../src/inspection/capture/image-quality.ts";

const SIZE = { width: 64, height: 64 };

/** RGB8 of one grey per pixel. */
function picture(grey: (x: number, y: number) => number): Uint8Array {
  const data = new Uint8Array(SIZE.width * SIZE.height * 3);
  for (let y = 0; y < SIZE.height; y++) {
    for (let x = 0; x < SIZE.width; x++)
      data.fill(grey(x, y), (y * SIZE.width + x) * 3, (y * SIZE.width + x) * 3 + 3);
  }
  return data;
}

describe("checkImage", () => {
  test("refuses black, also with a little noise", () => {
    expect(checkImage(picture(() => 0))).toMatch(/black/);
    expect(checkImage(picture((x, y) => (x * y) % 12))).toMatch(/black/);
  });

  test("refuses white", () => {
    expect(checkImage(picture((x) => 245 + (x % 10)))).toMatch(/white/);
  });

  test("refuses one flat grey", () => {
    expect(checkImage(picture((x) => 100 + (x % 2)))).toMatch(/flat/);
  });

  test("takes a small bright part on a black belt, a dark part on white, and a faint texture", () => {
    expect(checkImage(picture((x, y) => (x < 10 && y < 10 ? 200 : 0)))).toBeNull();
    expect(checkImage(picture((x, y) => (x < 10 && y < 10 ? 20 : 255)))).toBeNull();
    expect(checkImage(picture((x, y) => 120 + ((x * 7 + y * 3) % 6)))).toBeNull();
  });

  test("refuses a picture without pixels", () => {
    expect(checkImage(new Uint8Array(0))).toMatch(/empty/);
  });
});

describe("FrozenCheck", () => {
  test("notices the n-th identical picture and forgets with the first other one", () => {
    const check = new FrozenCheck(3);
    const seen = [1, 1, 1, 1, 2, 2, 1].map((value) => check.isFrozen(new Uint8Array([value, 5])));
    expect(seen).toEqual([false, false, true, true, false, false, false]);
  });

  test("never speaks when it is off", () => {
    const check = new FrozenCheck(0);
    expect([1, 1, 1].some((value) => check.isFrozen(new Uint8Array([value])))).toBe(false);
  });

  test("gives no false alarm over 100,000 frames with faint noise", () => {
    const check = new FrozenCheck(5);
    const frame = new Uint8Array(64).fill(100);
    let state = 1;
    let frozen = 0;
    for (let i = 0; i < 100_000; i++) {
      for (let k = 0; k < frame.length; k++) {
        state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
        frame[k] = state >>> 24 > 230 ? 101 : 100; // one value in ten differs by one
      }
      if (check.isFrozen(frame.slice())) frozen++;
    }
    expect(frozen).toBe(0);
  });
});
