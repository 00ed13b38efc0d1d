import type { Logger } from "pino";
import type { Config } from "../../config/schema.ts";
import type { TerminalView } from "../terminal-view.ts";
import { latencyFigures, median, pairedRatio, slopeKbPer1000, type BenchFigures } from "./figures.ts";
import { MemoryWatch } from "./memory.ts";
import type { BareReply, BareRequest, Looped, Opened, StationReply, StationRequest } from "./protocol.ts";
import { ResultCounter } from "./subscriber.ts";
import { BenchWorker } from "./worker.ts";

type StationWorker = BenchWorker<StationRequest, StationReply>;
type BareWorker = BenchWorker<BareRequest, BareReply>;

const STATION_ENTRY = new URL("./station-process.ts", import.meta.url);
const BARE_ENTRY = new URL("./bare-process.ts", import.meta.url);
/** Rounds of A B; the ratio is the median of theirs. */
const ROUNDS = 5;
const WARM_UP_S = 1;
const IN_FLIGHT = 3;
const PARTS_PER_SECOND = 10;

export interface MeasureOptions {
  /** Bundle active, one simulated camera that waits for triggers; pictures are published as configured here. */
  readonly config: Config;
  readonly threads: number;
  readonly inspectorFile: string;
  readonly teacherFile: string;
  readonly engineCacheDir: string;
  /** Of each side of each comparison, and of the latency run. */
  readonly seconds: number;
  /** Of the memory run. */
  readonly frames: number;
  readonly view: TerminalView;
  readonly logger: Logger;
}

type Speed = Pick<
  BenchFigures,
  | "provider"
  | "stationFramesPerSecond"
  | "bareFramesPerSecond"
  | "throughputRatio"
  | "inspectorMs"
  | "teacherMs"
> &
  Pick<BenchFigures, "inspectorToTeacherRatio" | "failedParts">;

/** Throughput against the bare loop, pictures off: station and bare loop take turns. Then inspector against teacher likewise. */
export async function measureSpeed(options: MeasureOptions): Promise<Speed> {
  const { config, view, logger } = options;
  const images = { ...config.images, heatmap: false, overlay: false, frame: false };
  const station: StationWorker = new BenchWorker("station", STATION_ENTRY);
  const bare: BareWorker = new BenchWorker("bare loop", BARE_ENTRY);
  try {
    const opened = await station.ask({ type: "open", config: { ...config, images } }, "opened");
    await openBare(bare, opened, options);
    const results = await ResultCounter.open(opened, logger);
    const race = throughput(station, results);
    await race(WARM_UP_S);
    const seconds = options.seconds / ROUNDS;
    const rates = {
      station: [] as number[],
      bare: [] as number[],
      inspector: [] as number[],
      teacher: [] as number[],
    };
    let failedParts = 0;
    for (let round = 0; round < ROUNDS; round += 1) {
      view.progress("speed", round / ROUNDS, "station, bare inspector, teacher in turns");
      const raced = await race(seconds);
      failedParts += raced.failed;
      rates.station.push(raced.rate);
      rates.bare.push(rateOf(await loop(bare, "inspector", seconds)));
      rates.inspector.push(rateOf(await loop(bare, "inspector", seconds / 2)));
      rates.teacher.push(rateOf(await loop(bare, "teacher", seconds / 2)));
    }
    view.progress("speed", 1, "done");
    await results.stop();
    await station.ask({ type: "close" }, "closed");
    return {
      provider: opened.provider,
      stationFramesPerSecond: median(rates.station),
      bareFramesPerSecond: median(rates.bare),
      throughputRatio: pairedRatio(rates.station, rates.bare),
      inspectorMs: 1000 / median(rates.inspector),
      teacherMs: 1000 / median(rates.teacher),
      inspectorToTeacherRatio: pairedRatio(rates.teacher, rates.inspector),
      failedParts,
    };
  } finally {
    await Promise.all([station.stop(), bare.stop()]);
  }
}

type Cameras = Pick<
  BenchFigures,
  "cameras" | "camerasFramesPerSecond" | "camerasRatio" | "camerasLeastShare" | "failedParts"
>;

/**
 * All cameras of a station on its one inference process against one of them alone, in turns, pictures off; as many parts
 * under way in both.
 */
export async function measureCameras(options: MeasureOptions, cameras: number): Promise<Cameras> {
  const { view, logger } = options;
  if (cameras === 1) {
    const nothing = { camerasFramesPerSecond: null, camerasRatio: null, camerasLeastShare: null };
    return { cameras, ...nothing, failedParts: 0 };
  }
  const station: StationWorker = new BenchWorker("station", STATION_ENTRY);
  try {
    const opened = await station.ask(
      { type: "open", config: withCameras(options.config, cameras) },
      "opened",
    );
    const results = await ResultCounter.open(opened, logger);
    const race = throughput(station, results);
    const seconds = options.seconds / ROUNDS;
    await race(WARM_UP_S, { cameras, inFlight: 1 });
    const [alone, all]: [number[], number[]] = [[], []];
    const shares: number[] = [];
    let failedParts = 0;
    for (let round = 0; round < ROUNDS; round += 1) {
      view.progress("cameras", round / ROUNDS, `one camera and ${cameras} in turns`);
      const one = await race(seconds, { cameras: 1, inFlight: cameras });
      const every = await race(seconds, { cameras, inFlight: 1 });
      alone.push(one.rate);
      all.push(every.rate);
      shares.push(every.leastShare);
      failedParts += one.failed + every.failed;
    }
    view.progress("cameras", 1, "done");
    await results.stop();
    await station.ask({ type: "close" }, "closed");
    return {
      cameras,
      camerasFramesPerSecond: median(all),
      camerasRatio: pairedRatio(all, alone),
      camerasLeastShare: Math.min(...shares),
      failedParts,
    };
  } finally {
    await station.stop();
  }
}

/** As many cameras like the first one, all of the same recipe. */
function withCameras(config: Config, cameras: number): Config {
  const images = { ...config.images, heatmap: false, overlay: false, frame: false };
  const all = Array.from({ length: cameras }, (_, index) =>
    config.cameras.slice(0, 1).map((camera) => ({ ...camera, name: `cam${index + 1}` })),
  );
  return { ...config, images, cameras: all.flat() };
}

type Latency = ReturnType<typeof latencyFigures> & Pick<BenchFigures, "failedParts">;

type Memory = Pick<
  BenchFigures,
  | "mainPeakMb"
  | "inferencePeakMb"
  | "capturePeakMb"
  | "flatParts"
  | "mainSlopeKbPer1000"
  | "inferenceSlopeKbPer1000"
  | "captureSlopeKbPer1000"
  | "failedParts"
>;

/** Latency at 10 parts a second: the station as configured, with its pictures, each frame of a clocked camera a part. */
export async function measureLatency({ config, view, seconds }: MeasureOptions): Promise<Latency> {
  const station: StationWorker = new BenchWorker("station", STATION_ENTRY);
  try {
    await station.ask({ type: "open", config: clocked(config) }, "opened");
    const parts = Math.max(1, Math.round(seconds * PARTS_PER_SECOND));
    view.say(`latency: ${parts} parts at ${PARTS_PER_SECOND} a second`);
    const { failed, ...times } = await station.ask({ type: "attend", parts }, "attended");
    await station.ask({ type: "close" }, "closed");
    return { ...latencyFigures(times), failedParts: failed };
  } finally {
    await station.stop();
  }
}

function clocked(config: Config): Config {
  const cameras = config.cameras.map((camera) => ({
    ...camera,
    source:
      camera.source.kind === "simulated"
        ? { ...camera.source, pace: "clock" as const, fps: PARTS_PER_SECOND }
        : camera.source,
    trigger: { kind: "every-frame" as const },
  }));
  return { ...config, cameras };
}

/** Memory over many parts at full speed, pictures on. */
export async function measureMemory(options: MeasureOptions): Promise<Memory> {
  const { config, view, logger, frames } = options;
  const station: StationWorker = new BenchWorker("station", STATION_ENTRY);
  try {
    const opened = await station.ask({ type: "open", config }, "opened");
    const results = await ResultCounter.open(opened, logger);
    const before = results.received;
    const watch = new MemoryWatch(opened.pids, () => results.received - before);
    const progress = setInterval(() => {
      view.progress(
        "memory",
        (results.received - before) / frames,
        `${results.received - before} of ${frames} parts`,
      );
    }, 1000);
    const raced = await station.ask(
      { type: "race", seconds: Infinity, parts: frames, cameras: 1, inFlight: IN_FLIGHT },
      "raced",
    );
    clearInterval(progress);
    watch.stop();
    await results.stop();
    await station.ask({ type: "close" }, "closed");
    return {
      mainPeakMb: watch.peakMb("main"),
      inferencePeakMb: watch.peakMb("inference"),
      capturePeakMb: watch.peakMb("capture"),
      flatParts: raced.judged,
      mainSlopeKbPer1000: slopeKbPer1000(watch.course("main")),
      inferenceSlopeKbPer1000: slopeKbPer1000(watch.course("inference")),
      captureSlopeKbPer1000: slopeKbPer1000(watch.course("capture")),
      failedParts: raced.failed,
    };
  } finally {
    await station.stop();
  }
}

async function openBare(bare: BareWorker, { provider }: Opened, options: MeasureOptions): Promise<void> {
  const { inspectorFile, teacherFile, threads, engineCacheDir, config } = options;
  const models = { inspector: inspectorFile, teacher: teacherFile };
  const { inputSize } = config.station;
  await bare.ask({ type: "open", models, provider, threads, engineCacheDir, inputSize }, "ready");
  await loop(bare, "inspector", WARM_UP_S);
  await loop(bare, "teacher", WARM_UP_S);
}

function loop(bare: BareWorker, model: string, seconds: number): Promise<Looped> {
  return bare.ask({ type: "loop", model, seconds }, "looped");
}

/** Judged parts a second, until the last result has reached the subscriber. */
function throughput(station: StationWorker, results: ResultCounter) {
  return async (
    seconds: number,
    { cameras, inFlight } = { cameras: 1, inFlight: IN_FLIGHT },
  ): Promise<{ rate: number; failed: number; leastShare: number }> => {
    const [before, begun] = [results.received, performance.now()];
    const { judged, failed, leastShare } = await station.ask(
      { type: "race", seconds, parts: Infinity, cameras, inFlight },
      "raced",
    );
    await results.reached(before + judged + failed);
    return { rate: (judged * 1000) / (performance.now() - begun), failed, leastShare };
  };
}

function rateOf({ runs, seconds }: Looped): number {
  return runs / seconds;
}
