import fc from "fast-check";
import { expect, it } from "vitest";
import type { Motion } from "../../../src/plc/simulator/belt.ts";
import { Conveyor, type ConveyorEvent, type ConveyorShape } from "../../../src/plc/simulator/conveyor.ts";

const STEADY: Motion = [{ fromMs: 0, speedMmPerS: 100 }];
const SHAPE: ConveyorShape = {
  motion: STEADY,
  partsMm: [10, 60],
  partMm: 4,
  places: [{ cameraMm: 0, ejectorMm: 200 }],
  window: { kind: "time", leadMs: 15, pulseMs: 25 },
};

/** Plays to the end, looking when something happens plus `lateMs`; every event is handed to `follow`. */
function play(
  conveyor: Conveyor,
  follow: (event: ConveyorEvent) => void = () => undefined,
  lateMs: () => number = () => 0,
): ConveyorEvent[] {
  const events: ConveyorEvent[] = [];
  for (let next = conveyor.nextMs; next !== null; next = conveyor.nextMs) {
    const now = next + lateMs();
    for (let event = conveyor.take(now); event; event = conveyor.take(now)) {
      events.push(event);
      follow(event);
    }
  }
  return events;
}

it("says when each part meets the camera and stands before the ejector", () => {
  expect(play(new Conveyor(SHAPE))).toEqual([
    { kind: "at-camera", part: 0, camera: 0, at: 100 },
    { kind: "at-camera", part: 1, camera: 0, at: 600 },
    {
      kind: "past-ejector",
      part: 0,
      camera: 0,
      fromMs: 2080,
      untilMs: 2120,
      actFromMs: 2085,
      actUntilMs: 2125,
    },
    {
      kind: "past-ejector",
      part: 1,
      camera: 0,
      fromMs: 2580,
      untilMs: 2620,
      actFromMs: 2585,
      actUntilMs: 2625,
    },
  ]);
});

it("keeps a part at the ejector for as long as the belt stands, and reckons windows by the way if asked", () => {
  const motion = [...STEADY, { fromMs: 2100, speedMmPerS: 0 }, { fromMs: 5000, speedMmPerS: 100 }];
  const window = { kind: "way", leadMm: 1.5, pulseMm: 2.5 } as const;
  const past = play(new Conveyor({ ...SHAPE, motion, window, partsMm: [10] })).at(-1);
  expect(past).toMatchObject({ fromMs: 2080, untilMs: 5020, actFromMs: 2085, actUntilMs: 5025 });
});

it("does not show a part that was taken off to the cameras behind", () => {
  const places = [
    { cameraMm: 0, ejectorMm: 50 },
    { cameraMm: 100, ejectorMm: 150 },
  ];
  const conveyor = new Conveyor({ ...SHAPE, places });
  const events = play(conveyor, (event) => {
    if (event.kind === "past-ejector" && event.part === 0 && event.camera === 0) conveyor.eject(0);
  });
  expect(events.filter(({ camera }) => camera === 1).map(({ part }) => part)).toEqual([1, 1]);
});

it("lets what is on the belt run out when the feed ends", () => {
  const conveyor = new Conveyor(SHAPE);
  expect(conveyor.take(100)).toMatchObject({ kind: "at-camera", part: 0 });
  conveyor.endFeed();
  expect(play(conveyor).map(({ part }) => part)).toEqual([0]);
  expect(conveyor.nextMs).toBeNull();
});

it("brings every part past every camera and ejector exactly once, for any speeds, stops, ejections and late looks", () => {
  const stretch = fc.record({
    lastsMs: fc.integer({ min: 1, max: 3000 }),
    speed: fc.integer({ min: 0, max: 900 }),
  });
  const cases = fc.record({
    stretches: fc.array(stretch, { maxLength: 10 }),
    gaps: fc.array(fc.integer({ min: 6, max: 80 }), { maxLength: 40 }),
    ejectors: fc.constantFrom("one", "each"),
    fates: fc.infiniteStream(fc.boolean()),
    late: fc.infiniteStream(fc.integer({ min: 0, max: 40 })),
  });
  fc.assert(
    fc.property(cases, ({ stretches, gaps, ejectors, fates, late }) => {
      let fromMs = 0;
      const motion = stretches.map(({ lastsMs, speed }) => {
        const begun = { fromMs, speedMmPerS: speed };
        fromMs += lastsMs;
        return begun;
      });
      let mm = 0;
      const partsMm = gaps.map((gap) => (mm += gap));
      const places =
        ejectors === "one"
          ? [
              { cameraMm: 0, ejectorMm: 300 },
              { cameraMm: 40, ejectorMm: 300 },
            ]
          : [
              { cameraMm: 0, ejectorMm: 100 },
              { cameraMm: 200, ejectorMm: 300 },
            ];
      const conveyor = new Conveyor({
        ...SHAPE,
        motion: [...motion, { fromMs, speedMmPerS: 500 }],
        partsMm,
        places,
      });
      const ejectedAt = new Map<number, number>();
      const events = play(
        conveyor,
        (event) => {
          if (event.kind === "at-camera" || !fates.next().value) return;
          conveyor.eject(event.part);
          if (!ejectedAt.has(event.part)) ejectedAt.set(event.part, event.camera);
        },
        () => late.next().value as number,
      );
      for (const part of partsMm.keys()) {
        const seen = (kind: ConveyorEvent["kind"], camera: number): number =>
          events.filter((event) => event.kind === kind && event.part === part && event.camera === camera)
            .length;
        const goneBefore = ejectors === "each" && ejectedAt.get(part) === 0;
        expect([seen("at-camera", 0), seen("past-ejector", 0)]).toEqual([1, 1]);
        expect([seen("at-camera", 1), seen("past-ejector", 1)]).toEqual(goneBefore ? [0, 0] : [1, 1]);
      }
      for (const event of events)
        if (event.kind === "past-ejector") expect(event.untilMs).toBeGreaterThan(event.fromMs);
    }),
    { seed: 52, numRuns: 400 },
  );
});
