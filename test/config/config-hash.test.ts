import { expect, it } from "vitest";
import { configHash } from "../../src/config/config-hash.ts";
import { configSchema } from "../../src/config/schema.ts";

it("changes with a setting, not with a secret: a short key could be guessed from it", () => {
  const hashOf = (deadlineMs: number, bypassKey: string): string =>
    configHash(configSchema.parse({ cameras: [{ deadlineMs }], commands: { bypassKey } }));
  expect(hashOf(300, "0815-4711")).toMatch(/^[0-9a-f]{12}$/);
  expect(hashOf(300, "0815-4711")).toBe(hashOf(300, "1234-5678"));
  expect(hashOf(300, "0815-4711")).not.toBe(hashOf(301, "0815-4711"));
});
