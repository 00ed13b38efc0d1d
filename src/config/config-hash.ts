import { createHash } from "node:crypto";
import { redacted } from "./redact.ts";
import type { Config } from "./schema.ts";

const LENGTH = 12;

/**
 * Shows whoever watches that the configuration was changed. Secrets do not count: everybody may read the hash, and a short
 * key could be guessed until it fits. @returns 12 lower-case hex digits
 */
export function configHash(config: Config): string {
  return createHash("sha256")
    .update(JSON.stringify(redacted(config)))
    .digest("hex")
    .slice(0, LENGTH);
}
