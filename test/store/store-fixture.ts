import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { Store, type NewRow, type StoreOptions } from "../../src/store/store.ts";
import { inspectionOf } from "../messaging/plant.ts";

/** What tests of the store need: a folder of their own, a store with plain limits, rows, and a clock that can be set. */

export const DAY_MS = 86_400_000;
export const HOUR_MS = 3_600_000;

export function folder(): string {
  const path = mkdtempSync(join(tmpdir(), "assayd-store-"));
  onTestFinished(() => {
    rmSync(path, { recursive: true, force: true });
  });
  return path;
}

export function open(file: string, changes: Partial<StoreOptions> = {}): Promise<Store> {
  return Store.open(file, {
    maxMessages: 1000,
    historyDays: 30,
    now: Date.now,
    onFailure: () => undefined,
    ...changes,
  });
}

export function rowOf(seq: number, changes: Parameters<typeof inspectionOf>[1] = {}, padding = 0): NewRow {
  const payload = JSON.stringify({ seq, padding: "x".repeat(padding) });
  return {
    inspection: inspectionOf(seq, changes),
    recipe: "bolts",
    topic: "t/result",
    payload,
    qos: 1,
    expiryS: 60,
  };
}

export function eventOf(kind: string, data: object = {}): NewRow {
  const payload = JSON.stringify({ kind, camera: null, data });
  return { inspection: null, recipe: "", topic: "t/event", payload, qos: 1, expiryS: null };
}

/** A wall clock and a monotonic one that pass together; `step` sets the wall clock alone. */
export class TestClock {
  wallMs = Date.UTC(2026, 0, 15, 6);
  monotonicMs = 0;
  readonly options = { now: () => this.wallMs, monotonicNow: () => this.monotonicMs };

  pass(ms: number): void {
    this.wallMs += ms;
    this.monotonicMs += ms;
  }

  step(ms: number): void {
    this.wallMs += ms;
  }
}
