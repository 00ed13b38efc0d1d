import { pino } from "pino";
import { expect, it } from "vitest";
import { StoreCare } from "../../src/messaging/store-care.ts";

it("prunes, and tells once when the audit trail has four fifths of its space", async () => {
  const told: unknown[] = [];
  let auditEntries = 79;
  let pruned = 0;
  const care = new StoreCare({
    store: {
      prune: () => Promise.resolve((pruned += 1)),
      sizes: () => Promise.resolve({ bytes: 0, outboxBytes: 0, auditEntries }),
    },
    limits: { maxAuditEntries: 100 },
    event: (kind, { entries, max }) => told.push([kind, entries, max]),
    logger: pino({ level: "silent" }),
  });
  await care.look();
  expect(told).toEqual([]);
  for (auditEntries of [80, 95, 100]) await care.look();
  expect(told).toEqual([["audit.nearly-full", 80, 100]]);
  expect(pruned).toBe(4);
});

it("goes on where the store cannot be read", async () => {
  const care = new StoreCare({
    store: { prune: () => Promise.reject(new Error("disk")), sizes: () => Promise.reject(new Error("disk")) },
    limits: {},
    event: () => undefined,
    logger: pino({ level: "silent" }),
  });
  await expect(care.look()).resolves.toBeUndefined();
});
