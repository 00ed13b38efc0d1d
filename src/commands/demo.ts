import { Command, InvalidArgumentError } from "commander";
import { rm } from "node:fs/promises";
import { join, resolve } from "node:path";
import { configSchema, type CameraSource, type Config } from "../config/schema.ts";
import { EXIT_CODES, InputError } from "../domain/errors.ts";
import { productList } from "../simulator/product-list.ts";
import { findProduct } from "../simulator/products.ts";
import { createLogger } from "../system/logger.ts";
import { freePort } from "./demo/free-port.ts";
import { lineConfig } from "./demo/line-config.ts";
import { lineSummaryText } from "./demo/line-summary-text.ts";
import { runLineDemo, type LineDemoOptions, type LineDemoSummary } from "./demo/line.ts";
import { runDemo, type DemoOptions } from "./demo/run-demo.ts";
import { summaryText } from "./demo/summary-text.ts";
import type { DemoSummary } from "./demo/summary.ts";
import { TerminalView } from "./terminal-view.ts";

interface DemoFlags {
  readonly parts?: number;
  readonly product?: string;
  readonly line?: true;
  readonly list?: true;
  readonly images?: string;
  readonly camera?: string;
  readonly rtsp?: string;
  readonly pipeline?: string;
  readonly rate?: number;
  readonly teach: number;
  readonly keep?: true;
  readonly port: number;
  readonly stateDir: string;
  readonly inputSize: number;
  readonly json?: true;
  readonly verbose?: true;
}

const HELP = `
With --json the last line of stdout is one object: parts, ok, ng, warn, err, missedDeadlines, imageAuroc, knownGood,
knownBad, caughtShare, falseRejectShare, latencyMsP50, latencyMsP99, inferMsP50, inferMsP99, threshold, trainSeconds,
firstVerdictSeconds, bundleId. A value that cannot be known is null. With --line it is line (what the PLC counted) and pictures (the
keys above, of all cameras).`;

const LINE_RATE = 5;
const PLC_PORT = 1502;
const COILS_PORT = 1503;

const NEXT_STEPS = `
Next: assayd demo --keep               go on with this model
      assayd demo --images <dir>       teach it your own pictures, or --camera /dev/video0
      assayd run --config <file>       run a line`;

/** `assayd demo`: a whole station with an embedded broker, taught and run in one go. */
export function demoCommand(): Command {
  return new Command("demo")
    .description("Start a station on embedded defaults: teach it from good parts, then judge every part")
    .option(
      "--parts <n>",
      "end after this many parts with a summary (else runs until Ctrl-C)",
      positiveInteger,
    )
    .option("--product <name>", "which rendered product passes by (default: a relay module)")
    .option("--line", "two cameras on a conveyor, triggered by a simulated PLC that also has the ejector")
    .option("--list", "show the rendered products and end")
    .option(
      "--images <dir>",
      "play this folder: MVTec form (train/good, test/*) or a flat folder of good pictures",
    )
    .option("--camera <device>", "a V4L2 camera, e.g. /dev/video0")
    .option("--rtsp <url>", "an RTSP camera")
    .option("--pipeline <launch>", "a GStreamer launch string up to the sink")
    .option(
      "--rate <n>",
      "parts per second (default 10 for pictures, 2 for cameras, 5 with --line)",
      positiveNumber,
    )
    .option("--teach <n>", "good parts to collect", positiveInteger, 120)
    .option("--keep", "go on with the model of the last demo, if there is one")
    .option("--port <n>", "port of the embedded broker", positiveInteger, 1883)
    .option("--input-size <pixels>", "model input, a multiple of 32", positiveInteger, 256)
    .option("--state-dir <dir>", "where models and results go", join(".state", "demo"))
    .option("--json", "end with one JSON object on the last line of stdout")
    .option("--verbose", "show the station's own log")
    .addHelpText("after", HELP)
    .action(demo);
}

async function demo(flags: DemoFlags): Promise<void> {
  if (flags.list) {
    process.stdout.write(`${productList()}\n`);
    return;
  }
  const coilsPort = flags.line ? await freePort(COILS_PORT) : COILS_PORT;
  const config = flags.line ? await lineDemoConfig(flags, coilsPort) : demoConfig(flags);
  if (!flags.keep) await rm(config.station.stateDir, { recursive: true, force: true });
  const stop = new AbortController();
  const onSignal = (): void => {
    if (stop.signal.aborted) process.exit(130);
    stop.abort();
  };
  process.on("SIGINT", onSignal).on("SIGTERM", onSignal);
  const view = new TerminalView(flags.json ? process.stderr : process.stdout, () => performance.now());
  const logger = createLogger({
    level: flags.verbose ? "info" : "error",
    format: "text",
    write: (line) => process.stderr.write(line),
  });
  const options = {
    config,
    parts: flags.parts ?? null,
    teach: flags.teach,
    view,
    logger,
    signal: stop.signal,
  };
  const summary = flags.line
    ? await demoLine({ ...options, coilsPort, partsPerSecond: flags.rate ?? LINE_RATE })
    : await demoCamera(options);
  if (flags.json) process.stdout.write(`${JSON.stringify(summary)}\n`);
}

async function demoCamera(options: DemoOptions): Promise<DemoSummary> {
  const summary = await runDemo(options);
  options.view.say(summaryText(summary));
  if (summary.bundleId !== null) options.view.say(NEXT_STEPS);
  return summary;
}

async function demoLine(options: LineDemoOptions): Promise<LineDemoSummary> {
  const summary = await runLineDemo(options);
  options.view.say(lineSummaryText(summary));
  if (summary.line?.passed === false) process.exitCode = EXIT_CODES.failed;
  return summary;
}

async function lineDemoConfig(flags: DemoFlags, coilsPort: number): Promise<Config> {
  if ([flags.images, flags.camera, flags.rtsp, flags.pipeline].some((source) => source !== undefined))
    throw new InputError(
      "demo-line-source",
      "the line of --line shows rendered parts; only --product fits it",
    );
  return lineConfig({
    stateDir: resolve(flags.stateDir),
    inputSize: flags.inputSize,
    product: flags.product === undefined ? undefined : findProduct(flags.product).name,
    brokerPort: flags.port,
    plcPort: await freePort(PLC_PORT),
    coilsPort,
  });
}

function demoConfig(flags: DemoFlags): Config {
  const source = sourceOf(flags);
  const live = source.kind !== "simulated" && source.kind !== "folder";
  return configSchema.parse({
    station: { name: "demo", stateDir: resolve(flags.stateDir), inputSize: flags.inputSize },
    cameras: [
      {
        name: "cam1",
        source,
        trigger: live ? { kind: "rate", partsPerSecond: flags.rate ?? 2 } : { kind: "every-frame" },
        deadlineMs: live ? 1000 : 300,
      },
    ],
    broker: { kind: "embedded", port: flags.port },
  });
}

function sourceOf(flags: DemoFlags): CameraSource {
  const chosen = [flags.product, flags.images, flags.camera, flags.rtsp, flags.pipeline].filter(
    (value) => value !== undefined,
  );
  if (chosen.length > 1) {
    throw new InputError(
      "demo-source",
      "give only one of --product, --images, --camera, --rtsp, --pipeline: a demo has one camera",
    );
  }
  const source = (value: unknown): CameraSource =>
    configSchema.shape.cameras.unwrap().element.shape.source.parse(value);
  const fps = flags.rate ?? 10;
  if (flags.images !== undefined) return source({ kind: "folder", path: resolve(flags.images), fps });
  if (flags.camera !== undefined) return source({ kind: "v4l2", device: flags.camera });
  if (flags.rtsp !== undefined) return source({ kind: "rtsp", url: flags.rtsp });
  if (flags.pipeline !== undefined) return source({ kind: "pipeline", launch: flags.pipeline });
  const product = flags.product === undefined ? undefined : findProduct(flags.product).name;
  return source({ kind: "simulated", fps, product });
}

function positiveInteger(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value <= 0)
    throw new InvalidArgumentError("expected a whole number above 0");
  return value;
}

function positiveNumber(text: string): number {
  const value = Number(text);
  if (!(value > 0)) throw new InvalidArgumentError("expected a number above 0");
  return value;
}
