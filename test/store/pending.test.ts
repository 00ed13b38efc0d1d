import { describe, expect, it } from "vitest";
import { Pending } from "../../src/store/pending.ts";
import { rowOf } from "./store-fixture.ts";

const fill = (pending: Pending, ids: readonly number[]): void => {
  for (const id of ids) pending.add({ ...rowOf(id), id, at: 1000 });
};
const upTo = (last: number): number[] => Array.from({ length: last }, (_, index) => index + 1);
const waiting = (pending: Pending): number[] => pending.messagesAfter(0, 9999).map(({ id }) => id);

describe("rows that the broker took from memory while the disk failed", () => {
  it("leave the outbox with the commit that brings them there, not with an earlier one", () => {
    const pending = new Pending(1000);
    fill(pending, upTo(300));
    for (let fails = 0; fails < 9; fails += 1) {
      pending.take();
      pending.failed(); // down to 50 rows a commit
    }
    pending.acknowledge(upTo(300));
    const taken: { readonly rows: number; readonly acknowledged: readonly number[] }[] = [];
    for (let commit = pending.take(); commit !== null; commit = pending.take()) {
      taken.push({ rows: commit.rows.at(-1)?.id ?? 0, acknowledged: commit.acknowledged });
      pending.done();
    }
    expect(taken.length).toBeGreaterThan(1);
    for (const { rows, acknowledged } of taken) expect(acknowledged.at(-1)).toBe(rows);
    expect(taken.flatMap(({ acknowledged }) => acknowledged)).toEqual(upTo(300));
  });

  it("are not sent again, are no gap when they give way, and are then forgotten", () => {
    const pending = new Pending(10);
    fill(pending, upTo(10));
    pending.acknowledge([1, 2, 3, 4]);
    expect(waiting(pending)).toEqual([5, 6, 7, 8, 9, 10]);
    fill(pending, [11, 12, 13, 14, 15]);
    const commit = pending.take();
    expect(commit?.lost).toMatchObject([{ from: 5, to: 5, count: 1 }]);
    expect(commit?.acknowledged).toEqual([]);
  });
});
