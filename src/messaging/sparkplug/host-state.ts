import { z } from "zod";

const stateSchema = z.object({ online: z.boolean(), timestamp: z.number() });

/** STATE of a host application. */
export type HostState = z.infer<typeof stateSchema>;

/** The payload of a STATE message (§4.2.3): JSON with `online` and `timestamp`. Null: it is none. */
export function readHostState(payload: Uint8Array): HostState | null {
  try {
    return stateSchema.safeParse(JSON.parse(Buffer.from(payload).toString("utf8"))).data ?? null;
  } catch {
    return null;
  }
}
