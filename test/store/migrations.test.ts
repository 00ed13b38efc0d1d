import { copyFileSync, existsSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, expect, it, onTestFinished } from "vitest";
import { eventOf, folder, open, rowOf } from "./store-fixture.ts";

/** Written by assayd 0.1.0: 20 parts (3 of them acknowledged) and one event, schema version 1. */
const RELEASED = new URL("fixtures/assayd-0.1.0.db", import.meta.url);

function released(): string {
  const file = join(folder(), "assayd.db");
  copyFileSync(RELEASED, file);
  return file;
}

describe("a file of an older assayd", () => {
  it("is brought forward with all it holds, and kept as a copy", async () => {
    const file = released();
    const store = await open(file);
    onTestFinished(() => store.close());
    expect(store.nextSeq("cam1")).toBe(21);
    expect(store.outboxDepth).toBe(18);
    const parts = await store.parts("cam1", { from: 1, to: 20 });
    expect(parts.map(({ inspection }) => inspection.seq)).toEqual(
      Array.from({ length: 20 }, (_, i) => i + 1),
    );
    expect(parts[2]).toMatchObject({ recipe: "bolts", context: null, ejection: null });
    expect(await store.findParts({ partId: "P3", limit: 5 })).toMatchObject([
      { inspection: { seq: 3, verdict: "ERR" } },
    ]);
    expect((await store.sizes()).outboxBytes).toBeGreaterThan(18 * 30);

    store.append([rowOf(21), eventOf("started")]);
    store.acknowledge([4, 5]);
    await store.flush(2000);
    expect(store.outboxDepth).toBe(18);
    expect(await store.checkAudit()).toMatchObject({ entries: 1, problems: [] });

    const copy = new DatabaseSync(`${file}.v1`, { readOnly: true });
    onTestFinished(() => {
      copy.close();
    });
    expect(copy.prepare("PRAGMA user_version").get()).toEqual({ user_version: 1 });
    expect(copy.prepare("SELECT COUNT(*) AS n FROM inspection").get()).toEqual({ n: 20 });
    expect(copy.prepare("PRAGMA integrity_check").get()).toEqual({ integrity_check: "ok" });
  });

  it("is brought forward even if an earlier attempt left half a copy", async () => {
    const file = released();
    copyFileSync(RELEASED, `${file}.v1`);
    const store = await open(file);
    onTestFinished(() => store.close());
    expect(store.outboxDepth).toBe(18);
  });

  it("is not copied again at the next start", async () => {
    const file = released();
    await (await open(file)).close();
    await (await open(file)).close();
    expect(existsSync(`${file}.v2`)).toBe(false);
  });
});
