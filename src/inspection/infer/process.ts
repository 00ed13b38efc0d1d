/** Entry of the inference process: serves one bundle for all its life (architecture.md §3). */
import { performance } from "node:perf_hooks";
import { pino } from "pino";
import { AssaydError, messageOf } from "../../domain/errors.ts";
import { parentPort } from "../../system/children.ts";
import { FrameReader } from "./frame-memory.ts";
import type { InferenceReport, InferenceRequest } from "./protocol.ts";
import { loadScorer, type Scorer } from "./scorer.ts";

type Load = Extract<InferenceRequest, { type: "load" }>;
type Infer = Extract<InferenceRequest, { type: "infer" }>;

const HEARTBEAT_MS = 1000;
const logger = pino({ base: { process: "inference" } }, pino.destination(2));

const frames = new FrameReader();
let scorer: Scorer | null = null;
let inferences = 0;
/** Requests are served one after the other, in the order of arrival. */
let queue: Promise<void> = Promise.resolve();

const send = parentPort<InferenceRequest, InferenceReport>(
  (request) => {
    const arrivedAt = performance.now();
    queue = queue.then(() => (request.type === "load" ? load(request) : infer(request, arrivedAt)));
  },
  () => process.exit(0), // the main process is gone or has retired this one
);

setInterval(() => {
  send({ type: "heartbeat", inferences, rssBytes: process.memoryUsage.rss() });
}, HEARTBEAT_MS);

async function load(request: Load): Promise<void> {
  const begun = performance.now();
  try {
    scorer = await loadScorer({ ...request, logger, searchPath: process.env.PATH ?? "" });
    const { bundleId, size, runsPerPicture, provider, goldenMaxDiff } = scorer;
    const loadMs = performance.now() - begun;
    send({ type: "loaded", bundleId, size, runsPerPicture, provider, goldenMaxDiff, loadMs });
  } catch (error) {
    const code = error instanceof AssaydError ? error.code : "model-unusable";
    send({ type: "load-failed", code, message: messageOf(error) });
  }
}

/**
 * `queueMs` begins when this thread received the message: while a run blocks the thread, messages wait unseen in the
 * channel, so the main process measures the whole waiting time itself (`Inspector`).
 */
async function infer(request: Infer, arrivedAt: number): Promise<void> {
  const { requestId } = request;
  const queueMs = performance.now() - arrivedAt;
  try {
    if (scorer === null) throw new AssaydError("not-loaded", "no bundle is loaded in this inference process");
    const { score, map, regions, inferMs } = await scorer.score(
      frames.read(request.slot, request.bytes),
      request.threshold,
    );
    inferences += 1;
    const { wantMap, threshold } = request;
    const isWanted = wantMap === "always" || (wantMap === "above" && score > threshold);
    send({ type: "scored", requestId, score, regions, map: isWanted ? map : null, queueMs, inferMs });
  } catch (error) {
    send({ type: "failed", requestId, message: messageOf(error) });
  }
}
