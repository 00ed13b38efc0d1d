import type { Shift } from "../config/history-schema.ts";
import type { TimeRange } from "../store/history-reader.ts";

const HOUR_MS = 3_600_000;
const LAST = /^(\d+(?:\.\d+)?)(m|h|d)$/;
const UNITS: Readonly<Record<string, number>> = { m: 60_000, h: HOUR_MS, d: 24 * HOUR_MS };

/**
 * The newest shift of that name that has begun, in local time; its end may be in the future.
 * @param now epoch ms
 */
export function shiftRange({ from, to }: Shift, now: number): TimeRange {
  const today = new Date(now);
  const begin = atTime(today, from);
  if (begin.getTime() > now) begin.setDate(begin.getDate() - 1); // by calendar: a day may have 23 or 25 hours
  const end = atTime(begin, to);
  if (end <= begin) end.setDate(end.getDate() + 1);
  return { from: begin.getTime(), to: end.getTime() };
}

/** The shift that `now` lies in; of several the one that began last. Null: none. */
export function currentShift(shifts: readonly Shift[], now: number): Shift | null {
  const running = shifts.map((shift) => ({ shift, ...shiftRange(shift, now) })).filter(({ to }) => now < to);
  return running.toSorted((a, b) => b.from - a.from)[0]?.shift ?? null;
}

/** The time up to now: `90m`, `8h`, `2d`. Null if the text is no such duration. */
export function lastRange(text: string, now: number): TimeRange | null {
  const [, amount, unit = ""] = LAST.exec(text) ?? [];
  const ms = Number(amount) * (UNITS[unit] ?? NaN);
  return ms > 0 ? { from: now - ms, to: now } : null;
}

/** Midnight of the day, at a time such as `06:00`. */
function atTime(day: Date, time: string): Date {
  const [hours = 0, minutes = 0] = time.split(":").map(Number);
  const at = new Date(day);
  at.setHours(hours, minutes, 0, 0);
  return at;
}
