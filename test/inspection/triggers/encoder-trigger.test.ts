import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { EncoderTrigger } from "../../../src/inspection/triggers/encoder-trigger.ts";

const UINT32 = 2 ** 32;

function testTrigger(everyCounts: number, modulus = UINT32) {
  const fired: number[] = [];
  const trigger = new EncoderTrigger({ everyCounts, modulus, fire: (at) => fired.push(at) });
  return { trigger, fired };
}

describe("a trigger by distance", () => {
  it("fires for each stretch that was never reached before, whatever the conveyor does, over the counter's wrap too", () => {
    const every = fc.integer({ min: 1, max: 300 });
    const moves = fc.array(fc.double({ min: -1, max: 8, noNaN: true }), { maxLength: 80 });
    fc.assert(
      fc.property(
        moves,
        fc.nat(65_535),
        every,
        fc.constantFrom(65_536, UINT32),
        (steps, start, counts, modulus) => {
          const { trigger, fired } = testTrigger(counts, modulus);
          let position = 0;
          let furthest = 0;
          trigger.update(start, 0);
          for (const [at, step] of steps.entries()) {
            position += Math.trunc(step * counts);
            furthest = Math.max(furthest, position);
            expect(trigger.update((((start + position) % modulus) + modulus) % modulus, at + 1)).toBe(true);
            expect(fired.length).toBe(Math.floor(furthest / counts));
          }
          expect(fired).toEqual(fired.toSorted((a, b) => a - b));
        },
      ),
      { seed: 3, numRuns: 1000 },
    );
  });

  it("gives each part of one report its own time", () => {
    const { trigger, fired } = testTrigger(100);
    trigger.update(50, 1000);
    trigger.update(450, 1020);
    expect(fired).toEqual([1005, 1010, 1015, 1020]);
  });

  it.each([
    [3_000_000_000, 0],
    [5_000_000, 0],
    [10, 900_000],
    [500, 399],
  ])("takes a leap of the counter from %d to %d as no movement, and says so", (from, to) => {
    const { trigger, fired } = testTrigger(100);
    trigger.update(from, 0);
    expect(trigger.update(to, 1)).toBe(false);
    expect(fired).toEqual([]);
    expect(trigger.update(to + 100, 2)).toBe(true);
    expect(fired).toEqual([2]);
  });
});
