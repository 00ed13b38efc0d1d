import { z } from "zod";

/** Version of all payloads; a new required field means a new major number (interfaces.md §3.3). */
export const SCHEMA_VERSION = "1.0";

/** ISO-8601 UTC. */
export const timestamp = z.iso.datetime();
export const share = z.number().min(0).max(1);
export const count = z.int().min(0);
export const milliseconds = z.number().min(0);

/** What the station suffers from now. */
export const fault = z.looseObject({
  code: z.string(),
  text: z.string().describe("value, expectation and remedy"),
  since: timestamp,
});

/** Recipe or model that a result was made with. */
export const versioned = z.looseObject({
  id: z.string().nullable(),
  number: count.optional().describe("what a PLC selects it by; 0: none"),
  version: z.string().nullable(),
  hash: z.string().nullable(),
});
