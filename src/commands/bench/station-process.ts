/** Entry: a whole station, as `assayd run` composes it, in a main process of its own. Driven by `assayd bench`. */
import { setTimeout as sleep } from "node:timers/promises";
import { InferenceError, messageOf } from "../../domain/errors.ts";
import type { Inspection } from "../../domain/inspection.ts";
import type { CameraLine } from "../../inspection/camera-line.ts";
import { Station } from "../../station/station.ts";
import { parentPort } from "../../system/children.ts";
import { createLogger } from "../../system/logger.ts";
import { createMetrics } from "../../system/metrics.ts";
import { SOFTWARE_VERSION } from "../../system/version.ts";
import type { Attended, Opened, Raced, StationReply, StationRequest } from "./protocol.ts";

type Race = Extract<StationRequest, { type: "race" }>;

const READY_TIMEOUT_MS = 60_000;
const POLL_MS = 50;
/** Parts of the latency run that do not count: code not yet compiled, caches cold. */
const WARM_UP = 30;

let station: Station | null = null;
let onPart: (inspection: Inspection) => void = () => undefined;

const send = parentPort<StationRequest, StationReply>(
  (request) => {
    answer(request).then(send, (error: unknown) => {
      send({ type: "refused", message: messageOf(error) });
    });
  },
  () => process.exit(0), // the bench is gone; the children follow us
);

async function answer(request: StationRequest): Promise<StationReply> {
  switch (request.type) {
    case "open":
      return open(request);
    case "race":
      return race(linesOf().slice(0, request.cameras), request);
    case "attend":
      return attend(request.parts);
    case "close":
      await station?.stop();
      return { type: "closed" };
  }
}

async function open({ config }: Extract<StationRequest, { type: "open" }>): Promise<Opened> {
  const metrics = createMetrics({ rss: () => process.memoryUsage.rss() });
  station = await Station.create({
    config,
    logger: createLogger({ level: "warn", format: "text", write: (line) => process.stderr.write(line) }),
    software: SOFTWARE_VERSION,
    onInspection: (inspection) => {
      metrics.inspected(inspection);
      onPart(inspection);
    },
  });
  await station.start();
  const line = lineOf();
  for (const each of station.lines) await untilReady(each);
  const [capture, inference] = [line.camera.status.pid, line.inspector.status.pid];
  const provider = line.inspector.status.provider?.provider ?? "cpu";
  const pids = { main: process.pid, capture: capture ?? 0, inference: inference ?? 0 };
  const { brokerUrl, topicRoot, lines } = station;
  return { type: "opened", brokerUrl, topicRoot, cameras: lines.map(({ name }) => name), provider, pids };
}

/** Until the camera plays and the model is loaded, parts end without a score. */
async function untilReady(line: CameraLine): Promise<void> {
  const deadline = performance.now() + READY_TIMEOUT_MS;
  for (;;) {
    const { score, reason, detail } = await line.trigger({});
    if (score !== null) return;
    if (performance.now() > deadline)
      throw new InferenceError("bench-not-ready", `${reason}: ${detail ?? ""}`);
    await sleep(POLL_MS);
  }
}

async function race(lines: readonly CameraLine[], { seconds, parts, inFlight }: Race): Promise<Raced> {
  const until = performance.now() + seconds * 1000;
  const judged = lines.map(() => 0);
  let started = 0;
  const runner = async (line: CameraLine, index: number): Promise<void> => {
    while (performance.now() < until && started < parts) {
      started += 1;
      if ((await line.trigger({})).score !== null) judged[index] = (judged[index] ?? 0) + 1;
    }
  };
  await Promise.all(
    lines.flatMap((line, index) => Array.from({ length: inFlight }, () => runner(line, index))),
  );
  const total = judged.reduce((sum, count) => sum + count, 0);
  const leastShare = (Math.min(...judged) * lines.length) / Math.max(1, total);
  return { type: "raced", judged: total, failed: started - total, leastShare };
}

async function attend(parts: number): Promise<Attended> {
  const inspections: Inspection[] = [];
  await new Promise<void>((resolve) => {
    onPart = (inspection) => {
      inspections.push(inspection);
      if (inspections.length === WARM_UP + parts) resolve();
    };
  });
  onPart = () => undefined;
  const counted = inspections.slice(WARM_UP);
  const judged = counted.filter(({ score }) => score !== null);
  return {
    type: "attended",
    totalMs: judged.map(({ times }) => times.totalMs),
    inferMs: judged.map(({ times }) => times.inferMs ?? NaN),
    failed: counted.length - judged.length,
  };
}

/** The only camera, or the first one. */
function lineOf(): CameraLine {
  const [line] = linesOf();
  if (line === undefined) throw new InferenceError("bench-closed", "the station has no camera");
  return line;
}

function linesOf(): readonly CameraLine[] {
  if (station === null) throw new InferenceError("bench-closed", "no station was opened");
  return station.lines;
}
