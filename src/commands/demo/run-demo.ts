import type { Logger } from "pino";
import type { Config } from "../../config/schema.ts";
import type { Inspection, Verdict } from "../../domain/inspection.ts";
import { Station } from "../../station/station.ts";
import { summarize, type DemoSummary } from "./summary.ts";
import { SOFTWARE_VERSION } from "../../system/version.ts";
import type { TerminalView } from "../terminal-view.ts";
import { teach } from "./teach.ts";

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
    if (typeof line.model === "string")
      trainSeconds = await teach({ ...options, station, lines: [line], unusable: () => judged.unusable });
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

/** Newest parts that an endless demo keeps for its summary. */
const KEPT = 10_000;

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
