import type { Inspection } from "../../domain/inspection.ts";
import { REASON_CODES, VERDICT_CODES, verdictBit } from "../register-map.ts";
import type { PartResult } from "./handshake.ts";

/** What the PLC is told of an inspection. */
export function partResult(inspection: Inspection): PartResult {
  return {
    bit: verdictBit(inspection),
    verdict: VERDICT_CODES[inspection.verdict],
    reason: REASON_CODES[inspection.reason],
    tag: inspection.tag ?? 0,
    score: inspection.score,
    threshold: inspection.threshold,
    totalTimeUs: inspection.times.totalMs * 1000,
    recipe: inspection.recipe.number,
  };
}

/** The answer to a trigger that the station would not take. */
export function unjudged(tag: number): PartResult {
  return {
    bit: "err",
    verdict: VERDICT_CODES.ERR,
    reason: REASON_CODES.not_ready,
    tag,
    score: null,
    threshold: null,
    totalTimeUs: 0,
    recipe: 0,
  };
}
