import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { format, resolveConfig } from "prettier";
import { schemaFiles } from "../src/messaging/schema-files.ts";

/** Writes config/schemas/*.json (MQTT payloads) and config/assayd.schema.json from the zod schemas: `npm run schema`. */
const root = join(import.meta.dirname, "..");
const options = await resolveConfig(join(root, "package.json"));
for (const [path, schema] of Object.entries(schemaFiles())) {
  const file = join(root, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, await format(JSON.stringify(schema), { ...options, parser: "json" }));
}
