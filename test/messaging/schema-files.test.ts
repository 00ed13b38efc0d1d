import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { schemaFiles } from "../../src/messaging/schema-files.ts";

const root = join(import.meta.dirname, "../..");

it.each(Object.entries(schemaFiles()))('%s is current (else run "npm run schema")', (path, schema) => {
  expect(JSON.parse(readFileSync(join(root, path), "utf8"))).toEqual(JSON.parse(JSON.stringify(schema)));
});
