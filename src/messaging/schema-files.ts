import { z } from "zod";
import { configSchema } from "../config/schema.ts";
import { asyncApiDocument } from "./reference/asyncapi.ts";
import { payloadSchemas } from "./schemas.ts";

/** JSON Schema 2020-12 and the AsyncAPI document, by path below the repository's root: what editors and subscribers check against. */
export function schemaFiles(): Readonly<Record<string, object>> {
  const payloads = Object.entries(payloadSchemas()).map(
    ([name, schema]) => [`config/schemas/${name}.json`, schema] as const,
  );
  const config = z.toJSONSchema(configSchema, { io: "input" });
  return Object.fromEntries<object>([
    ...payloads,
    ["config/assayd.schema.json", config],
    ["config/asyncapi.json", asyncApiDocument()],
  ]);
}
