import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { reportsSchema } from "../../src/config/history-schema.ts";
import { currentShift, lastRange, shiftRange } from "../../src/reports/shift-time.ts";

const { shifts } = reportsSchema.parse({});
const [early, , night] = shifts;
const zone = process.env.TZ;

/** A place whose clocks change on 29 March and 25 October 2026 at night. */
beforeAll(() => {
  process.env.TZ = "Europe/Berlin";
});
afterAll(() => {
  if (zone === undefined) delete process.env.TZ;
  else process.env.TZ = zone;
});

const at = (text: string): number => Date.parse(text);
const words = ({ from, to }: { from: number; to: number }): string[] =>
  [from, to].map((time) => new Date(time).toISOString());

describe("shifts in local time", () => {
  it("the newest that has begun: today's, or yesterday's before it begins", () => {
    expect(words(shiftRange(early!, at("2026-02-03T09:00:00Z")))).toEqual([
      "2026-02-03T05:00:00.000Z",
      "2026-02-03T13:00:00.000Z",
    ]);
    expect(words(shiftRange(early!, at("2026-02-03T03:00:00Z")))).toEqual([
      "2026-02-02T05:00:00.000Z",
      "2026-02-02T13:00:00.000Z",
    ]);
  });

  it("a night shift ends on the next day; when the clocks change it is an hour shorter or longer", () => {
    const hours = (now: string): number => {
      const { from, to } = shiftRange(night!, at(now));
      return (to - from) / 3_600_000;
    };
    expect(hours("2026-02-03T23:00:00Z")).toBe(8);
    expect(hours("2026-03-29T00:30:00Z")).toBe(7);
    expect(hours("2026-10-25T00:30:00Z")).toBe(9);
  });

  it("names the shift that is running, each minute of a day", () => {
    for (let minute = 0; minute < 1440; minute += 1) {
      const local = new Date(2026, 1, 3, 0, minute);
      const hour = local.getHours();
      const expected = hour >= 6 && hour < 14 ? "early" : hour >= 14 && hour < 22 ? "late" : "night";
      expect(currentShift(shifts, local.getTime())?.name).toBe(expected);
    }
    expect(
      currentShift([{ name: "day", from: "08:00", to: "16:00" }], at("2026-02-03T20:00:00Z")),
    ).toBeNull();
  });

  it("durations up to now", () => {
    expect(lastRange("90m", 1e9)).toEqual({ from: 1e9 - 5_400_000, to: 1e9 });
    expect(lastRange("1.5d", 1e9)).toEqual({ from: 1e9 - 129_600_000, to: 1e9 });
    for (const text of ["", "8", "8 h", "-1h", "0h", "8w"]) expect(lastRange(text, 1e9)).toBeNull();
  });
});
