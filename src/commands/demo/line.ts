import { setTimeout as sleep } from "node:timers/promises";
import type { Logger } from "pino";
import type { Config } from "../../config/schema.ts";
import type { Inspection } from "../../domain/inspection.ts";
import type { CameraLine } from "../../inspection/camera-line.ts";
import { Station } from "../../station/station.ts";
import { SOFTWARE_VERSION } from "../../system/version.ts";
import type { TerminalView } from "../terminal-view.ts";
import { simulatePlc, type PlcReport } from "./line-plc.ts";
import { summarize, type DemoSummary } from "./summary.ts";
import { teach } from "./teach.ts";

export interface LineDemoOptions {
  readonly config: Config;
  /** Parts to run past the cameras; null: until stopped. */
  readonly parts: number | null;
  readonly partsPerSecond: number;
  readonly coilsPort: number;
  /** Good parts to collect. */
  readonly teach: number;
  readonly view: TerminalView;
  readonly logger: Logger;
  readonly signal: AbortSignal;
}

/** What the PLC counted, and what the station knows of its pictures. */
export interface LineDemoSummary {
  readonly line: PlcReport | null;
  readonly pictures: DemoSummary;
}

/** Between two pictures while teaching, when nothing but us triggers. */
const TEACH_EVERY_MS = 50;
/** Endless in practice: five hours. */
const LONGEST_MINUTES = 300;
/** Newest inspections that an endless demo keeps for its summary. */
const KEPT = 20_000;

/** A station on a line, in order: start, teach both cameras, then let a PLC run its conveyor past them, and sum up. */
export async function runLineDemo(options: LineDemoOptions): Promise<LineDemoSummary> {
  const { config, view, signal } = options;
  const judged: Inspection[] = [];
  let counting = false;
  const startedAt = performance.now();
  const station = await Station.create({
    config,
    logger: options.logger,
    software: SOFTWARE_VERSION,
    onInspection: (inspection) => {
      if (!counting) return;
      judged.push(inspection);
      if (judged.length > KEPT) judged.shift();
    },
    onJob: (status) => {
      if (status.progress && status.state === "running") view.job(status.progress);
    },
  });
  let trainSeconds: number | null = null;
  let firstVerdictSeconds: number | null = null;
  let line: PlcReport | null = null;
  try {
    await station.start();
    const lines = station.lines as [CameraLine, ...CameraLine[]];
    // without its PLC the line is not ready, whatever its model
    if (lines[0].inspector.status.bundleId === null)
      trainSeconds = await teachByTriggers(options, station, lines);
    for (const { camera } of lines) camera.line("mixed");
    firstVerdictSeconds = (performance.now() - startedAt) / 1000;
    sayWhatRuns(options, station);
    counting = true;
    line = await simulatePlc(plcArguments(options), signal);
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    view.say("Stopping …");
    await station.stop();
  }
  return { line, pictures: summarize(judged, { trainSeconds, firstVerdictSeconds }) };
}

/** Teaches the first camera; the model judges for all of them. */
async function teachByTriggers(
  options: LineDemoOptions,
  station: Station,
  lines: readonly [CameraLine, ...CameraLine[]],
): Promise<number> {
  const [line] = lines;
  const taught = new AbortController();
  const signal = AbortSignal.any([options.signal, taught.signal]);
  let unusable: string | null = null;
  const trigger = async (): Promise<void> => {
    while (!signal.aborted) {
      if (line.collector.status.active) {
        const inspection = await line.trigger({});
        const usable = inspection.frameId !== null && inspection.reason !== "image_quality";
        unusable = usable ? null : inspection.detail;
      }
      await sleep(TEACH_EVERY_MS);
    }
  };
  const triggering = trigger();
  try {
    return await teach({ ...options, station, lines, unusable: () => unusable });
  } finally {
    taught.abort();
    await triggering;
  }
}

function sayWhatRuns({ view, config, partsPerSecond }: LineDemoOptions, station: Station): void {
  const { port } = new URL(station.brokerUrl);
  view.say(
    `A PLC now triggers ${config.cameras.length} cameras over Modbus TCP (port ${config.plc.modbus.port}) at ${partsPerSecond} parts/s; the ejector`,
  );
  view.say(
    "lets a part pass only if both cameras proved it good in time. Watch the station from another terminal:",
  );
  view.say(
    `  mosquitto_sub -p ${port} -t '${station.topicRoot}/#' -v -T '${station.topicRoot}/cam/+/image/#'`,
  );
}

function plcArguments({ config, parts, partsPerSecond, coilsPort }: LineDemoOptions): string[] {
  const length = parts === null ? ["--minutes", `${LONGEST_MINUTES}`] : ["--parts", `${parts}`];
  return [
    ...["--station", `127.0.0.1:${config.plc.modbus.port}`],
    ...["--coils", `127.0.0.1:${coilsPort}`],
    ...["--cameras", `${config.cameras.length}`],
    ...["--rate", `${partsPerSecond}`],
    ...length,
  ];
}
