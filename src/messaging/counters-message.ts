import type { Counters } from "../store/protocol.ts";
import type { CountersMessage } from "./schemas/camera.ts";
import { SCHEMA_VERSION } from "./schemas/words.ts";

const TOTALS = ["triggers", "ok", "ng", "warn", "err", "late"] as const;
type Totals = Record<(typeof TOTALS)[number], number>;

/** The message for `{camera}/counters`: one camera's totals, whole and per recipe. @param nowMs epoch ms */
export function countersMessage(counters: readonly Counters[], nowMs: number): CountersMessage {
  const whole: Totals = { triggers: 0, ok: 0, ng: 0, warn: 0, err: 0, late: 0 };
  for (const entry of counters) for (const key of TOTALS) whole[key] += entry[key];
  const since = counters.length === 0 ? null : iso(Math.min(...counters.map((entry) => entry.since)));
  const recipes = counters.map(({ recipe, triggers, ok, ng, warn, err, late, since: begun }) => {
    return [recipe, { triggers, ok, ng, warn, err, late, since: iso(begun) }] as const;
  });
  return { schema: SCHEMA_VERSION, ts: iso(nowMs), since, ...whole, recipes: Object.fromEntries(recipes) };
}

function iso(epochMs: number): string {
  return new Date(epochMs).toISOString();
}
