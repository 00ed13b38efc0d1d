import type { Frame, Inspection } from "../../src/domain/inspection.ts";
import { decide } from "../../src/inspection/decide.ts";
import {
  Lane,
  type ActiveModel,
  type Judgement,
  type LaneParts,
  type LaneRecipe,
} from "../../src/inspection/lane.ts";

/** What tests of the lane need: frames, scores, and a lane that keeps its verdicts. */

export function frameOf(counter: number, changes: Partial<Frame> = {}): Frame {
  return {
    id: `cam1-${counter}`,
    camera: "cam1",
    counter,
    capturedAt: 1000 + counter,
    clock: "pts",
    width: 2,
    height: 1,
    data: Uint8Array.of(0, 60, 120, 180, 240, 255),
    simulated: true,
    truth: null,
    ...changes,
  };
}

export function judgementOf(score: number): Judgement {
  return { score, regions: [], map: null, queueMs: 1, inferMs: 2 };
}

/** A recipe with a deadline of 100 ms. */
export function recipeOf(id: string, deadlineMs = 100): LaneRecipe {
  return { identity: { id, number: 0, version: null, hash: null }, deadlineMs, decide };
}

/** A model that gives this score at once. */
export function modelOf(bundleId: string, score: number, reject = 1): ActiveModel {
  return {
    bundleId,
    thresholds: { reject, warn: null },
    infer: () => Promise.resolve(judgementOf(score)),
  };
}

export interface TestLane {
  readonly lane: Lane;
  readonly verdicts: Inspection[];
}

/** A lane whose time is that of vitest's fake timers; `changes` replace its parts. */
export function testLane(changes: Partial<LaneParts> = {}): TestLane {
  const verdicts: Inspection[] = [];
  let seq = 0;
  const lane = new Lane({
    camera: "cam1",
    session: "session",
    recipe: () => recipeOf("default"),
    maxInFlight: 4,
    clock: { wall: () => Date.now(), mono: () => performance.now() },
    nextSeq: () => (seq += 1),
    newId: () => `id-${verdicts.length}`,
    model: () => modelOf("a", 0.5),
    grab: () => Promise.resolve(frameOf(1)),
    checkImage: () => null,
    onVerdict: (inspection) => verdicts.push(inspection),
    ...changes,
  });
  return { lane, verdicts };
}

/** Never settles. */
export function never<T>(): Promise<T> {
  return new Promise<T>(() => undefined);
}

/** Settles after so many (fake) milliseconds. */
export async function after<T>(delayMs: number, give: () => T): Promise<T> {
  await new Promise((resolve) => setTimeout(resolve, delayMs));
  return give();
}
