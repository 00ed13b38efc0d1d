import { describe, expect, test } from "vitest";
import { FrameCounter, PtsClock } from "../../../src/inspection/capture/frame-clock.ts";
import type { GdpBuffer } from "../../../src/inspection/capture/gdp.ts";

const MS = 1e6;
const buffer = (fields: Partial<GdpBuffer>): GdpBuffer => ({
  kind: "buffer",
  ptsNs: null,
  durationNs: null,
  offset: null,
  payload: new Uint8Array(0),
  ...fields,
});

describe("PtsClock", () => {
  test("takes the base at the first frame and shows later delays", () => {
    const clock = new PtsClock();
    expect(clock.capturedAt(0, 1000)).toBe(1000);
    expect(clock.capturedAt(100 * MS, 1180)).toBe(1100);
  });

  test("never puts a frame into the future: a quicker arrival lowers the base", () => {
    const clock = new PtsClock();
    clock.capturedAt(0, 1050);
    expect(clock.capturedAt(100 * MS, 1100)).toBe(1100);
    expect(clock.capturedAt(200 * MS, 1250)).toBe(1200);
  });

  test("follows a camera clock that runs slow without ageing its frames", () => {
    const clock = new PtsClock();
    let worst = 0;
    for (let i = 0; i < 60_000; i++) {
      const arrived = i * 33.3;
      worst = Math.max(worst, arrived - clock.capturedAt(arrived * 0.9999 * MS, arrived));
    }
    expect(worst).toBeLessThan(3); // 100 ppm over two windows of 10 s; without renewal 200 ms
  });

  test("begins anew after a restart", () => {
    const clock = new PtsClock();
    clock.capturedAt(5000 * MS, 5000);
    clock.reset();
    expect(clock.capturedAt(0, 9000)).toBe(9000);
  });
});

describe("PtsClock of a camera that was reset", () => {
  test("begins anew: its frames are not old", () => {
    const clock = new PtsClock();
    clock.capturedAt(50_000 * MS, 1000);
    expect(clock.capturedAt(0, 1033)).toBe(1033);
    expect(clock.capturedAt(100 * MS, 1140)).toBe(1133);
  });

  test("takes a leap forward for no frame of the future, and the way back for no old one", () => {
    const clock = new PtsClock();
    clock.capturedAt(0, 1000);
    expect(clock.capturedAt(3_600_000 * MS, 1033)).toBe(1033);
    expect(clock.capturedAt(66 * MS, 1066)).toBe(1066);
  });
});

describe("FrameCounter", () => {
  test("takes numbers that leap or go backwards for a new beginning, not for lost frames", () => {
    const counter = new FrameCounter(0);
    const offsets = [7, 8, 4_294_967_295, 0, 1, 1001, 2003];
    expect(offsets.map((offset) => counter.count(buffer({ offset })))).toEqual([0, 1, 2, 3, 4, 1004, 1005]);
  });

  test("counts by the source's numbers where it has them", () => {
    const counter = new FrameCounter(10);
    expect([0, 1, 5, 6].map((offset) => counter.count(buffer({ offset })))).toEqual([10, 11, 15, 16]);
  });

  test("counts by PTS and duration else, with jitter", () => {
    const counter = new FrameCounter(0);
    const times = [0, 33, 68, 165, 200];
    expect(times.map((ms) => counter.count(buffer({ ptsNs: ms * MS, durationNs: 33.3 * MS })))).toEqual([
      0, 1, 2, 5, 6,
    ]);
  });

  test("counts one by one if nothing is known, and goes on after a restart", () => {
    const counter = new FrameCounter(0);
    expect([counter.count(buffer({})), counter.count(buffer({}))]).toEqual([0, 1]);
    counter.count(buffer({ offset: 50 }));
    counter.reset();
    expect(counter.count(buffer({ offset: 0 }))).toBe(3);
  });
});
