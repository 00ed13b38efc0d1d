import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { EncoderTrigger } from "../../../src/inspection/triggers/encoder-trigger.ts";

describe("a trigger by distance", () => {
  it("fires for each stretch that was never reached before, whatever the conveyor does, over the counter's wrap too", () => {
    const moves = fc.array(fc.integer({ min: -400, max: 700 }), { maxLength: 80 });
    fc.assert(
      fc.property(moves, fc.nat(2 ** 32 - 1), fc.integer({ min: 1, max: 300 }), (steps, start, every) => {
        let fired = 0;
        const trigger = new EncoderTrigger(every, () => (fired += 1));
        let position = 0;
        let furthest = 0;
        trigger.update(start, 0);
        for (const [at, step] of steps.entries()) {
          position += step;
          furthest = Math.max(furthest, position);
          trigger.update((((start + position) % 2 ** 32) + 2 ** 32) % 2 ** 32, at);
          expect(fired).toBe(Math.floor(furthest / every));
        }
      }),
      { seed: 3, numRuns: 1000 },
    );
  });

  it("takes a jump of the counter after a pause as no movement", () => {
    let fired = 0;
    const trigger = new EncoderTrigger(100, () => (fired += 1));
    trigger.update(1000, 0);
    trigger.lost();
    trigger.update(900_000, 1);
    expect(fired).toBe(0);
    trigger.update(900_100, 2);
    expect(fired).toBe(1);
  });
});
