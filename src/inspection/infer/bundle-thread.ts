/** Entry of the thread that holds one bundle in the inference process: ONNX Runtime blocks it, and nobody else. */
import { performance } from "node:perf_hooks";
import { parentPort, workerData } from "node:worker_threads";
import { pino } from "pino";
import { AssaydError, messageOf } from "../../domain/errors.ts";
import type { BundleLoad, ThreadRequest } from "./bundle-threads.ts";
import { FrameReader } from "./frame-memory.ts";
import type { InferenceReport, PartRequest } from "./protocol.ts";
import { loadScorer, type Scorer } from "./scorer.ts";

const ALIVE_MS = 1000;
const logger = pino({ base: { process: "inference" } }, pino.destination(2));
const frames = new FrameReader();
const load = workerData as BundleLoad;

const scorer = loadBundle();
/** Requests are served one after the other, in the order of arrival. */
let queue: Promise<void> = Promise.resolve();
parentPort?.on("message", (request: ThreadRequest) => {
  if (request === "end") process.exit(0); // of the thread; trtexec is ended by it
  queue = queue.then(() => (request === "release" ? release() : answer(request)));
});

function send(report: InferenceReport, transfer: readonly ArrayBuffer[] = []): void {
  parentPort?.postMessage(report, transfer);
}

/** Null, once that was reported, if the bundle cannot be used. */
async function loadBundle(): Promise<Scorer | null> {
  const begun = performance.now();
  const { bundle } = load;
  const alive = setInterval(() => {
    send({ type: "loading", bundle });
  }, ALIVE_MS);
  try {
    const loaded = await loadScorer({ ...load, logger, searchPath: process.env.PATH ?? "" });
    const { bundleId, size, runsPerPicture, provider, goldenMaxDiff } = loaded;
    const loadMs = performance.now() - begun;
    const report = { bundleId, size, runsPerPicture, provider, goldenMaxDiff, loadMs };
    send({ type: "loaded", bundle, report });
    return loaded;
  } catch (error) {
    const code = error instanceof AssaydError ? error.code : "model-unusable";
    send({ type: "load-failed", bundle, code, message: messageOf(error) });
    return null;
  } finally {
    clearInterval(alive);
  }
}

async function answer({ requestId, slot, bytes, threshold, wantMap }: PartRequest): Promise<void> {
  try {
    const model = await scorer;
    if (model === null) throw new AssaydError("not-loaded", "the bundle could not be loaded");
    const { score, map, regions, inferMs } = await model.score(frames.read(slot, bytes), threshold);
    const isWanted = wantMap === "always" || (wantMap === "above" && score > threshold);
    const report = { type: "scored", requestId, score, regions, inferMs } as const;
    if (isWanted) send({ ...report, map }, [map.values.buffer as ArrayBuffer]);
    else send({ ...report, map: null });
  } catch (error) {
    send({ type: "failed", requestId, message: messageOf(error) });
  }
}

async function release(): Promise<void> {
  await (await scorer)?.release();
  parentPort?.close(); // nothing else keeps the thread
}
