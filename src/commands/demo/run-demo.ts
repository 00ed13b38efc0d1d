import { setTimeout as sleep } from "node:timers/promises";
import type { Logger } from "pino";
import type { Config } from "../../config/schema.ts";
import { TrainingError } from "../../domain/errors.ts";
import type { Inspection, Verdict } from "../../domain/inspection.ts";
import { listLine } from "../../imaging/picture-folder.ts";
import type { CameraLine } from "../../inspection/camera-line.ts";
import { Station } from "../../inspection/station.ts";
import { summarize, type DemoSummary } from "./summary.ts";
import { SOFTWARE_VERSION } from "../../system/version.ts";
import type { TerminalView } from "../terminal-view.ts";

export interface DemoOptions {
  readonly config: Config;
  /** Parts to judge; null: until stopped. */
  readonly parts: number | null;
  /** Good parts to collect. */
  readonly teach: number;
  readonly view: TerminalView;
  readonly logger: Logger;
  readonly signal: AbortSignal;
}

const POLL_MS = 100;

/** The whole story in order: start, collect, train, judge, sum up. Stops in order whenever the signal says so. */
export async function runDemo(options: DemoOptions): Promise<DemoSummary> {
  const judged = new JudgedParts(options);
  const startedAt = performance.now();
  const station = await Station.create({
    config: options.config,
    logger: options.logger,
    software: SOFTWARE_VERSION,
    onInspection: (inspection) => {
      judged.take(inspection);
    },
    onJob: (status) => {
      if (status.progress && status.state === "running") options.view.job(status.progress);
    },
  });
  let trainSeconds: number | null = null;
  try {
    await station.start();
    const line = station.line(undefined);
    sayHowToWatch(options, station);
    if (typeof line.model === "string") trainSeconds = await teach(options, station, line, judged);
    line.camera.line("mixed");
    options.view.say(`Judging every part${options.parts === null ? " (Ctrl-C ends)" : ""}:`);
    judged.begin();
    await judged.done();
  } catch (error) {
    if (!options.signal.aborted) throw error;
  } finally {
    options.view.say("Stopping …");
    await station.stop();
  }
  return summarize(judged.inspections, {
    trainSeconds,
    firstVerdictSeconds: judged.firstAt === null ? null : (judged.firstAt - startedAt) / 1000,
  });
}

function sayHowToWatch({ view, config }: DemoOptions, station: Station): void {
  const { port } = new URL(station.brokerUrl);
  view.say(`assayd station "${config.station.name}" is up. Watch it from another terminal:`);
  view.say(
    `  mosquitto_sub -p ${port} -t '${station.topicRoot}/#' -v -T '${station.topicRoot}/cam/+/image/#'`,
  );
  view.say("Save the picture of the next rejected part:");
  view.say(`  mosquitto_sub -p ${port} -t '${station.topicRoot}/cam/+/image/overlay' -C 1 -N > rejected.jpg`);
}

async function teach(
  options: DemoOptions,
  station: Station,
  line: CameraLine,
  judged: JudgedParts,
): Promise<number> {
  const { view, signal } = options;
  line.camera.line("normal");
  const wanted = await partsToCollect(options);
  const sayTrouble = troubleOf(line, view);
  view.say(`Collecting ${wanted} good parts (only good ones may pass the camera now):`);
  await line.collector.start({ wanted, reset: true, now: Date.now() });
  while (line.collector.status.active) {
    await sleep(POLL_MS, undefined, { signal });
    const { collected } = line.collector.status;
    sayTrouble();
    const why = judged.unusable === null ? "" : `: ${judged.unusable}`;
    view.progress("collecting", collected / wanted, `${collected} of ${wanted}${why}`);
  }
  const { error } = await line.collector.stop();
  if (error !== null) throw new TrainingError("collect", error);
  view.say(
    "Training on this machine, from these good parts alone (an instant model judges in seconds, until then parts are ERR, reject):",
  );
  const cancel = (): void => {
    if (station.training.running) station.training.cancel(undefined);
  };
  signal.addEventListener("abort", cancel, { once: true });
  station.training.start([line], "demo");
  const status = await station.training.finished;
  signal.throwIfAborted();
  if (status.state !== "completed" || !status.result) {
    throw new TrainingError(
      status.error?.code ?? "training",
      status.error?.message ?? `training ended as ${status.state}`,
    );
  }
  const { falseRejectRate, threshold, parityMaxAbs, trainSeconds } = status.result;
  view.progress("training", 1, `done in ${trainSeconds.toFixed(0)} s`);
  view.say(
    `Limit ${threshold.toFixed(2)}: at most ${percent(falseRejectRate.high)} of good parts will be rejected (95 % sure; teach ` +
      `more to narrow it).`,
  );
  view.say(`The exported model and the trainer agree to ${parityMaxAbs.toExponential(1)}.`);
  return trainSeconds;
}

/** Says once what keeps the camera from giving pictures, each time that changes. */
function troubleOf(line: CameraLine, view: TerminalView): () => void {
  let said = "";
  return () => {
    const { state, message } = line.camera.status;
    const trouble =
      state === "playing" || message === ""
        ? ""
        : `${message} (camera ${state}; it is tried again by itself)`;
    if (trouble !== said && trouble !== "") view.say(trouble);
    said = trouble;
  };
}

/** A folder may hold fewer good pictures than are wanted, or many more than teaching in minutes can use. */
async function partsToCollect({ config, teach: wanted }: DemoOptions): Promise<number> {
  const source = config.cameras[0]?.source;
  if (source?.kind !== "folder") return wanted;
  const { normals } = await listLine(source.path);
  return Math.min(normals.length, Math.max(wanted, FOLDER_TEACH));
}

/** Pictures taken from a folder, if it has so many. */
const FOLDER_TEACH = 300;

/** Newest parts that an endless demo keeps for its summary. */
const KEPT = 10_000;

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}

/** Gathers judged parts after `begin`, and settles when there are enough or the demo is stopped. */
class JudgedParts {
  readonly inspections: Inspection[] = [];
  firstAt: number | null = null;
  /** Why the newest picture cannot be used, also before `begin`; null if it can. */
  unusable: string | null = null;
  readonly #options: DemoOptions;
  readonly #totals: Record<Verdict, number> = { OK: 0, NG: 0, WARN: 0, ERR: 0 };
  #begun = false;
  #finish: () => void = () => undefined;

  constructor(options: DemoOptions) {
    this.#options = options;
  }

  begin(): void {
    this.#begun = true;
  }

  take(inspection: Inspection): void {
    const { parts, view } = this.#options;
    const usable = inspection.frameId !== null && inspection.reason !== "image_quality";
    this.unusable = usable ? null : inspection.detail;
    if (!this.#begun || (parts !== null && this.inspections.length >= parts)) return;
    if (inspection.score !== null) this.firstAt ??= performance.now();
    this.inspections.push(inspection);
    if (this.inspections.length > (parts ?? KEPT)) this.inspections.shift();
    this.#totals[inspection.verdict] += 1;
    view.verdict(inspection, this.#totals);
    if (this.inspections.length === parts) this.#finish();
  }

  async done(): Promise<void> {
    const { signal } = this.#options;
    await new Promise<void>((resolve) => {
      this.#finish = resolve;
      if (signal.aborted) resolve();
      signal.addEventListener("abort", () => {
        resolve();
      });
    });
  }
}
