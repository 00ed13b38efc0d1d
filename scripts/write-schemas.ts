import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { format, resolveConfig } from "prettier";
import { mqttPage } from "../src/messaging/reference/page.ts";
import { schemaFiles } from "../src/messaging/schema-files.ts";
import { registerPage } from "../src/plc/register-page.ts";

/**
 * Writes config/schemas/*.json (MQTT payloads), config/assayd.schema.json, config/asyncapi.json and docs/mqtt.md from the
 * zod schemas, and docs/plc.md from the PLC's register map: `npm run schema`.
 */
const root = join(import.meta.dirname, "..");
const options = await resolveConfig(join(root, "package.json"));
for (const [path, schema] of Object.entries(schemaFiles())) {
  const file = join(root, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, await format(JSON.stringify(schema), { ...options, parser: "json" }));
}
const read = (path: string): string => readFileSync(join(root, path), "utf8");
const page = mqttPage({
  mosquittoConf: read("config/mosquitto/mosquitto.conf"),
  acl: read("config/mosquitto/acl"),
});
writeFileSync(join(root, "docs/mqtt.md"), await format(page, { ...options, parser: "markdown" }));
writeFileSync(join(root, "docs/plc.md"), await format(registerPage(), { ...options, parser: "markdown" }));
