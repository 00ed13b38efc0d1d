import { z } from "zod";
import { configSchema } from "../config/schema.ts";
import { payloadSchemas } from "./schemas.ts";

/** JSON Schema 2020-12 by path below the repository's root: what editors and subscribers check against. */
export function schemaFiles(): Readonly<Record<string, object>> {
  const payloads = Object.entries(payloadSchemas()).map(
    ([name, schema]) => [`config/schemas/${name}.json`, schema] as const,
  );
  const config = z.toJSONSchema(configSchema, { io: "input" });
  return Object.fromEntries<object>([...payloads, ["config/assayd.schema.json", config]]);
}
