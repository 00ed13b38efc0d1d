import type { ReplayLimits } from "../config/history-schema.ts";
import { uuid7 } from "../domain/uuid7.ts";
import type { StoredPart } from "../store/protocol.ts";
import type { Publication } from "./client.ts";
import { markHistorical } from "./historical.ts";
import { Replays, type ReplayEnd, type ReplaySource } from "./replays.ts";
import { resultPayload, type ResultContext } from "./result-payload.ts";
import type { StationTopics } from "./topics.ts";

export interface StationReplaysParts {
  readonly source: ReplaySource;
  readonly topics: StationTopics;
  readonly limits: ReplayLimits;
  readonly onWork: () => void;
  readonly onEnd: (end: ReplayEnd) => void;
  /** Epoch ms. */
  readonly now: () => number;
  /** n random bytes. */
  readonly random: (n: number) => Uint8Array;
}

/** Replays of stored results on the topics they were first published on. */
export function stationReplays({ topics, limits, now, random, ...parts }: StationReplaysParts): Replays {
  return new Replays({
    ...parts,
    ...limits,
    resultMessage: (part) => storedResult(part, topics),
    newId: () => uuid7(now(), random(10)),
  });
}

/** A part's result as it was published, marked, but without its pictures: their topics show others by now; it does not expire (interfaces.md §3.1). */
function storedResult(part: StoredPart, topics: StationTopics): Publication {
  const { inspection } = part;
  const payload = JSON.stringify(resultPayload(inspection, contextOf(part)));
  const topic = topics.camera(inspection.camera).result;
  return { topic, payload: markHistorical(payload), qos: 1, retain: false, expiryS: null };
}

/** What was stored beside the inspection; of rows of the first schema only the ids are known. */
function contextOf({ inspection, recipe, context }: StoredPart): ResultContext {
  const known = {
    recipe: { id: recipe, version: null, hash: null },
    model: { id: inspection.bundleId, version: null, hash: null },
  };
  return { ...known, ...(context as Partial<ResultContext> | null) };
}
