import type { LineTimes } from "../domain/station-view.ts";
import type { Counters } from "../store/protocol.ts";
import type { CountersMessage } from "./schemas/camera.ts";
import { SCHEMA_VERSION } from "./schemas/words.ts";

const TOTALS = ["triggers", "ok", "ng", "warn", "err", "late", "missed"] as const;
type Totals = Record<(typeof TOTALS)[number], number>;

/**
 * The message for `{camera}/counters`: one camera's totals, whole and per recipe.
 * @param times of its newest parts, where they are known   @param nowMs epoch ms
 */
export function countersMessage(
  counters: readonly Counters[],
  times: LineTimes | null,
  nowMs: number,
): CountersMessage {
  const whole: Totals = { triggers: 0, ok: 0, ng: 0, warn: 0, err: 0, late: 0, missed: 0 };
  for (const entry of counters) for (const key of TOTALS) whole[key] += entry[key];
  const since = counters.length === 0 ? null : iso(Math.min(...counters.map((entry) => entry.since)));
  const recipes = counters.map(({ recipe, triggers, ok, ng, warn, err, late, missed, since: begun }) => {
    return [recipe, { triggers, ok, ng, warn, err, late, missed, since: iso(begun) }] as const;
  });
  return {
    schema: SCHEMA_VERSION,
    ts: iso(nowMs),
    since,
    ...whole,
    ...(times && { times: timesMessage(times) }),
    recipes: Object.fromEntries(recipes),
  };
}

function timesMessage({ minMs, meanMs, p95Ms, maxMs }: LineTimes): NonNullable<CountersMessage["times"]> {
  const [min_ms, mean_ms, p95_ms, max_ms] = [minMs, meanMs, p95Ms, maxMs].map((ms) =>
    ms === null ? null : Number(ms.toFixed(3)),
  );
  return { min_ms: min_ms ?? null, mean_ms: mean_ms ?? null, p95_ms: p95_ms ?? null, max_ms: max_ms ?? null };
}

function iso(epochMs: number): string {
  return new Date(epochMs).toISOString();
}
