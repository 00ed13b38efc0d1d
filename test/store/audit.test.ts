import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { assert, integer, property } from "fast-check";
import { describe, expect, it, onTestFinished } from "vitest";
import { entryHash, NO_ENTRY, verifyAudit, type AuditEntry } from "../../src/store/audit-chain.ts";
import { eventOf, folder, open } from "./store-fixture.ts";

function chain(bodies: readonly string[]): AuditEntry[] {
  let previous = NO_ENTRY;
  return bodies.map((body, index) => {
    const hash = entryHash(previous, 1000 + index, body);
    previous = { id: index + 1, hash };
    return { id: index + 1, at: 1000 + index, body, hash };
  });
}

const BODIES = Array.from({ length: 12 }, (_, index) =>
  JSON.stringify({ kind: "threshold.set", by: "anna", index }),
);
const WHOLE = chain(BODIES);
const HEAD = WHOLE.at(-1)!;

describe("verifyAudit", () => {
  it("accepts a chain as it was written, and one whose beginning was pruned", () => {
    expect(verifyAudit(WHOLE, NO_ENTRY, HEAD)).toMatchObject({ entries: 12, head: HEAD.hash, problems: [] });
    const pruned = verifyAudit(WHOLE.slice(5), WHOLE[4]!, HEAD);
    expect(pruned).toMatchObject({ entries: 7, firstId: 6, lastId: 12, problems: [] });
  });

  it("finds any flipped bit of any field of any entry", () => {
    for (const field of ["body", "hash"] as const) {
      assert(
        property(
          integer({ min: 0, max: 11 }),
          integer({ min: 0, max: 999 }),
          integer({ min: 0, max: 6 }),
          (at, place, bit) => {
            const bytes = Buffer.from(WHOLE[at]![field]);
            bytes[place % bytes.length]! ^= 1 << bit;
            const damaged = WHOLE.map((entry, index) =>
              index === at ? { ...entry, [field]: bytes.toString("latin1") } : entry,
            );
            expect(verifyAudit(damaged, NO_ENTRY, HEAD).problems).not.toEqual([]);
          },
        ),
        { seed: 6, numRuns: 500 },
      );
    }
    for (let at = 0; at < 12; at += 1) {
      const later = WHOLE.map((entry, index) => (index === at ? { ...entry, at: entry.at + 1 } : entry));
      expect(verifyAudit(later, NO_ENTRY, HEAD).problems).toEqual([`entry ${at + 1} was changed`]);
    }
  });

  it("finds what was taken out, swapped, put in or cut off", () => {
    expect(verifyAudit(WHOLE.toSpliced(4, 1), NO_ENTRY, HEAD).problems).toEqual([
      "entries 5 to 5 are missing",
    ]);
    const swapped = WHOLE.with(2, { ...WHOLE[3]!, id: 3 }).with(3, { ...WHOLE[2]!, id: 4 });
    expect(verifyAudit(swapped, NO_ENTRY, HEAD).problems).toContain("entry 3 was changed");
    expect(verifyAudit(chain([...BODIES, "{}"]), NO_ENTRY, HEAD).problems).toHaveLength(1);
    expect(verifyAudit(WHOLE.slice(0, 10), NO_ENTRY, HEAD).problems).toEqual([
      "the chain ends with entry 10; the newest one was 12",
    ]);
    expect(verifyAudit([], NO_ENTRY, HEAD).problems).toHaveLength(1);
    expect(verifyAudit(chain(BODIES.with(3, "{}")), NO_ENTRY, HEAD).problems).toHaveLength(1); // wholly rewritten
  });
});

describe("the audit trail of a store", () => {
  it("takes every event, over restarts; a byte flipped in the file is found", async () => {
    const file = join(folder(), "a.db");
    for (const kinds of [BODIES.slice(0, 6), BODIES.slice(6)]) {
      const store = await open(file);
      store.append(kinds.map((_, index) => eventOf(`model.promoted-${index}`)));
      await store.close();
    }
    const store = await open(file);
    expect(await store.checkAudit()).toMatchObject({ entries: 12, problems: [] });
    await store.close();

    const bytes = readFileSync(file);
    const places = occurrences(bytes, "model.promoted");
    expect(places.length).toBeGreaterThanOrEqual(12);
    let found = 0;
    for (const place of places) {
      const flipped = Buffer.from(bytes);
      flipped[place + 3]! ^= 0x01;
      const copy = join(folder(), "b.db");
      writeFileSync(copy, flipped);
      const damaged = await open(copy);
      if ((await damaged.checkAudit()).problems.length > 0) found += 1;
      await damaged.close();
    }
    expect(found).toBe(12); // the other occurrences are the outbox's copies
  });

  it("keeps the newest entries, and what is left still verifies", async () => {
    const file = join(folder(), "a.db");
    const store = await open(file, { maxAuditEntries: 100 });
    store.append(Array.from({ length: 250 }, (_, index) => eventOf(`e${index}`)));
    await store.flush(2000);
    expect(await store.prune()).toBe(150);
    expect(await store.checkAudit()).toMatchObject({ entries: 100, firstId: 151, lastId: 250, problems: [] });
    expect((await store.sizes()).auditEntries).toBe(100);
    await store.close();
    const database = new DatabaseSync(file);
    onTestFinished(() => {
      database.close();
    });
    database.exec("DELETE FROM audit WHERE id = 151");
    const again = await open(file);
    onTestFinished(() => again.close());
    expect((await again.checkAudit()).problems).toEqual(["entries 151 to 151 are missing"]);
  });
});

function occurrences(bytes: Buffer, text: string): number[] {
  const places: number[] = [];
  for (let at = bytes.indexOf(text); at !== -1; at = bytes.indexOf(text, at + 1)) places.push(at);
  return places;
}
