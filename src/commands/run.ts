import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { Command } from "commander";
import type { Logger } from "pino";
import { MACHINE_FILES } from "../config/config-files.ts";
import { loadConfig } from "../config/load.ts";
import type { Config } from "../config/schema.ts";
import { ConfigError, messageOf } from "../domain/errors.ts";
import { Station } from "../station/station.ts";
import { httpTriggerRoute, readTriggerTokens } from "../inspection/triggers/http-trigger.ts";
import { StatusServer } from "../system/http.ts";
import { runServices, type Service } from "../system/lifecycle.ts";
import { createLogger, logFormatFor } from "../system/logger.ts";
import { createMetrics, type Metrics } from "../system/metrics.ts";
import { goFirst } from "../system/priority.ts";
import { RecentStarts } from "../system/recent-starts.ts";
import { connectSystemd } from "../system/systemd.ts";
import { SOFTWARE_VERSION } from "../system/version.ts";
import { stationGauges } from "./run/station-gauges.ts";

/** `assayd run`: the daemon. */
export function runCommand(): Command {
  return new Command("run")
    .description("Run the station: inspect, publish, train on demand; until SIGTERM or Ctrl-C")
    .option("-c, --config <file>", "configuration", process.env.ASSAYD_CONFIG)
    .action(async (flags: { config?: string }) => {
      const config = loadConfig(flags.config ?? null, process.env, MACHINE_FILES);
      process.exitCode = await runStation(config, flags.config ?? null);
    });
}

async function runStation(config: Config, configFile: string | null): Promise<number> {
  const logger = createLogger({
    level: config.log.level,
    format: logFormatFor(process.env, process.stderr.isTTY),
    write: (line) => process.stderr.write(line),
  });
  logger.debug({ nice: goFirst() }, "priority");
  const tokens = await readTriggerTokens(config);
  const metrics = createMetrics({ rss: () => process.memoryUsage.rss() });
  const credentialsDirectory = process.env.CREDENTIALS_DIRECTORY;
  const starts = new RecentStarts(join(config.station.stateDir, "starts.json"));
  await mkdir(config.station.stateDir, { recursive: true });
  const safeMode = await starts.note(Date.now());
  const station = await Station.create({
    config,
    safeMode,
    configFile,
    logger,
    software: SOFTWARE_VERSION,
    ...(credentialsDirectory !== undefined && { credentialsDirectory }),
    onInspection: metrics.inspected,
    onTriggerLatency: metrics.plcTriggered,
  });
  const systemd = connectSystemd({
    env: process.env,
    pid: process.pid,
    progress: () => station.progress,
    logger,
  });
  const services = [
    stationService(station, starts, logger),
    gaugeService(station, metrics),
    ...statusService({ config, station, metrics, logger, tokens }),
  ];
  const ready: Service = {
    name: "systemd",
    start: async () => {
      systemd.ready();
      systemd.status(station.ready ? "inspecting" : (station.faults[0]?.text ?? "starting"));
      await Promise.resolve();
    },
    stop: async () => Promise.resolve(),
  };
  return runServices({
    services: [...services, ready],
    logger,
    process,
    exit: (code) => process.exit(code),
    onStopping: () => {
      systemd.stopping();
    },
  });
}

function stationService(station: Station, starts: RecentStarts, logger: Logger): Service {
  return {
    name: "station",
    start: async () => {
      await station.start();
      logger.info(
        { broker: station.brokerUrl, topics: `${station.topicRoot}/#`, ready: station.ready },
        "station is up",
      );
    },
    stop: async () => {
      await station.stop();
      await starts.clear();
    },
  };
}

function gaugeService(station: Station, metrics: Metrics): Service {
  let gauges: { stop: () => void } | null = null;
  return {
    name: "metrics",
    start: async () => {
      gauges = stationGauges(station, metrics);
      await Promise.resolve();
    },
    stop: async () => {
      gauges?.stop();
      metrics.close();
      await Promise.resolve();
    },
  };
}

interface StatusParts {
  readonly config: Config;
  readonly station: Station;
  readonly metrics: Metrics;
  readonly logger: Logger;
  /** Of cameras that are triggered over HTTP. */
  readonly tokens: ReadonlyMap<string, string | null>;
}

function statusService({ config, station, metrics, logger, tokens }: StatusParts): readonly Service[] {
  if (!config.http.enabled) return [];
  const health = () => ({
    healthy: station.ready,
    reasons: station.faults.map(({ source, code, text }) => `${source} ${code}: ${text}`),
  });
  const trigger = httpTriggerRoute({
    tokens,
    trigger: (camera, request) => station.line(camera).trigger(request),
  });
  const server = new StatusServer({ ...config.http, health, registry: metrics.registry, routes: [trigger] });
  return [
    {
      name: "http",
      start: async () => {
        const port = await server.start().catch((error: unknown) => {
          const { host, port: wanted } = config.http;
          throw new ConfigError(
            "http-port",
            `the status page cannot listen on ${host}:${wanted} (${messageOf(error)}); set http.port, or http.enabled: false`,
            { cause: error },
          );
        });
        logger.info({ url: `http://${config.http.host}:${port}/healthz` }, "status page");
      },
      stop: () => server.stop(),
    },
  ];
}
