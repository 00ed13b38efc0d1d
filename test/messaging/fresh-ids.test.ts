import { expect, test } from "vitest";
import { FreshIds } from "../../src/messaging/fresh-ids.ts";

test("what was queued before the connection is not fresh, what comes after it is, for its time", () => {
  const fresh = new FreshIds(60_000);
  fresh.connected(10);
  expect(fresh.isFresh(10, 0)).toBe(false);
  expect(fresh.isFresh(11, 0)).toBe(true);
  for (let s = 0; s <= 200; s += 1) fresh.note(11 + s, s * 1000); // one message a second
  expect(fresh.isFresh(211, 200_000)).toBe(true);
  expect(fresh.isFresh(11 + 142, 200_000)).toBe(true); // 58 s old
  expect(fresh.isFresh(11 + 138, 200_000)).toBe(false); // 62 s old
  expect(fresh.isFresh(20, 200_000)).toBe(false);
});

test("messages that wait in silence grow old as well", () => {
  const fresh = new FreshIds(60_000);
  fresh.connected(0);
  fresh.note(5, 0);
  expect(fresh.isFresh(5, 59_000)).toBe(true);
  expect(fresh.isFresh(5, 61_000)).toBe(false);
  expect(fresh.isFresh(6, 61_000)).toBe(true);
});

test("a new connection begins anew", () => {
  const fresh = new FreshIds(60_000);
  fresh.connected(0);
  fresh.note(5, 0);
  fresh.connected(5);
  expect(fresh.isFresh(5, 1000)).toBe(false);
  expect(fresh.isFresh(6, 1000)).toBe(true);
});
