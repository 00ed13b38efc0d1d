import { setTimeout as sleep } from "node:timers/promises";
import type { Config } from "../../config/schema.ts";
import { TrainingError } from "../../domain/errors.ts";
import { listLine } from "../../imaging/picture-folder.ts";
import type { CameraLine } from "../../inspection/camera-line.ts";
import type { Station } from "../../station/station.ts";
import type { TerminalView } from "../terminal-view.ts";

export interface TeachOptions {
  readonly config: Config;
  readonly station: Station;
  /** Of one recipe. */
  readonly lines: readonly [CameraLine, ...CameraLine[]];
  /** Good parts to collect. */
  readonly teach: number;
  /** Why the newest picture cannot be used; null if it can. */
  readonly unusable: () => string | null;
  readonly view: TerminalView;
  readonly signal: AbortSignal;
}

const POLL_MS = 100;
/** Pictures taken from a folder, if it has so many. */
const FOLDER_TEACH = 300;

/**
 * Collects good parts before the first camera, trains one model from them, and lets every line judge by it.
 * @returns seconds of training @throws TrainingError; AbortError if stopped
 */
export async function teach(options: TeachOptions): Promise<number> {
  const { view, signal, station, lines } = options;
  const [line] = lines;
  line.camera.line("normal");
  const wanted = await partsToCollect(options);
  const sayTrouble = troubleOf(line, view);
  view.say(`Collecting ${wanted} good parts (only good ones may pass the camera now):`);
  await line.collector.start({ wanted, reset: true, now: Date.now() });
  while (line.collector.status.active) {
    await sleep(POLL_MS, undefined, { signal });
    const { collected } = line.collector.status;
    sayTrouble();
    const unusable = options.unusable();
    const why = unusable === null ? "" : `: ${unusable}`;
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
  station.training.start(lines, "demo");
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
async function partsToCollect({ config, teach: wanted }: TeachOptions): Promise<number> {
  const source = config.cameras[0]?.source;
  if (source?.kind !== "folder") return wanted;
  const { normals } = await listLine(source.path);
  return Math.min(normals.length, Math.max(wanted, FOLDER_TEACH));
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}
