import { randomBytes } from "node:crypto";
import { join } from "node:path";
import type { Logger } from "pino";
import type { Config } from "../config/schema.ts";
import type { StationActions } from "../domain/station-view.ts";
import { uuid7 } from "../domain/uuid7.ts";
import { HomeAssistant } from "../messaging/home-assistant/home-assistant.ts";
import type { Messenger } from "../messaging/messenger.ts";
import { SparkplugNode } from "../messaging/sparkplug/sparkplug-node.ts";
import { stationTopics } from "../messaging/topics.ts";
import { OpcuaService } from "../opcua/service.ts";
import { PlcService } from "../plc/handshake/plc-service.ts";
import { readHardware } from "../system/hardware.ts";
import type { CameraLine } from "../inspection/camera-line.ts";
import type { StationLink } from "./links.ts";
import type { StationReporter } from "./reporter.ts";

export interface OutsideParts {
  readonly config: Config;
  readonly topicRoot: string;
  readonly messenger: Messenger;
  readonly reporter: StationReporter;
  readonly actions: StationActions;
  /** @throws InputError for a camera that does not exist */
  readonly line: (camera: string) => CameraLine;
  /** The PLC has written the counts of the conveyor's encoder. */
  readonly onEncoder: (camera: string, counts: number) => void;
  /** From the arrival of a PLC's request to the lane, ms. */
  readonly onTriggerLatency: (camera: string, ms: number) => void;
  readonly credentialsDirectory: string | null;
  readonly logger: Logger;
}

/** Every interface that the configuration switches on. The broker must be known (an embedded one has its port only once it runs). */
export function outsideLinks(parts: OutsideParts): readonly StationLink[] {
  const { config } = parts;
  return [
    ...(config.plc.modbus.enabled ? [plcLink(parts)] : []),
    ...(config.sparkplug.enabled ? [sparkplugLink(parts)] : []),
    ...(config.opcua.enabled ? [opcuaLink(parts)] : []),
    homeAssistantLink(parts), // switched off it takes away what was announced
  ];
}

function plcLink({
  config,
  reporter,
  actions,
  line,
  onEncoder,
  logger,
  onTriggerLatency,
}: OutsideParts): StationLink {
  const service = new PlcService({
    settings: config.plc.modbus,
    cameras: config.cameras.map(({ name }) => name),
    line: (camera) => reporter.line(line(camera)),
    recipes: () => reporter.view.recipes,
    actions,
    onEncoder,
    onFault: (source, fault) => {
      const camera = source.startsWith("plc/") ? source.slice("plc/".length) : null;
      if (camera === null) {
        reporter.note(source, fault);
        return;
      }
      line(camera).stops.block("plc", fault);
      reporter.changed(line(camera));
    },
    onTriggerLatency,
    newId: () => uuid7(Date.now(), randomBytes(10)),
    now: () => performance.now(),
    logger,
  });
  return named("plc", service);
}

function sparkplugLink({ config, messenger, reporter, actions, credentialsDirectory, logger }: OutsideParts) {
  const { sparkplug, station } = config;
  const node = new SparkplugNode({
    config: sparkplug,
    station: station.name,
    broker: sparkplug.broker === "same" ? messenger.address : sparkplug.broker,
    hardware: readHardware("/"),
    bdSeqFile: join(station.stateDir, "sparkplug.json"),
    view: () => reporter.view,
    actions,
    onReboot: sparkplug.reboot ? () => process.kill(process.pid, "SIGTERM") : null,
    audit: ({ kind, camera = null, ...entry }) => {
      messenger.event(kind, { ...entry }, camera);
    },
    onFault: (fault) => {
      // the main connection has alarms of these codes too
      reporter.note("sparkplug", fault && { ...fault, code: fault.code.replace("mqtt", "sparkplug") });
    },
    credentialsDirectory,
    logger,
    now: Date.now,
  });
  return named("sparkplug", node);
}

function opcuaLink({ config, reporter, actions, logger }: OutsideParts): StationLink {
  const { opcua, station } = config;
  return new OpcuaService({
    config: opcua,
    stateDir: station.stateDir,
    view: () => reporter.view,
    actions,
    logger,
    now: () => performance.now(),
    onState: ({ state, detail }) => {
      const failed = state === "not-installed" || state === "given-up" || state === "restarting";
      reporter.note("opcua", failed ? { code: `opcua-${state}`, text: detail } : null);
    },
  });
}

function homeAssistantLink({ config, topicRoot, messenger, reporter, logger }: OutsideParts): StationLink {
  const homeAssistant = new HomeAssistant({
    config: config.homeAssistant,
    hardware: readHardware("/"),
    lastNgType: config.images.lastNg ? `image/${config.images.format}` : null,
    announcedFile: join(config.station.stateDir, "home-assistant.json"),
    topics: stationTopics(topicRoot),
    view: () => reporter.view,
    publish: (message) => messenger.publish(message),
    subscribe: (filter) => messenger.subscribe(filter),
    logger,
  });
  messenger.host(homeAssistant);
  if (messenger.connected) homeAssistant.connected();
  return {
    name: "home-assistant",
    start: () => undefined,
    stop: () => homeAssistant.stop(),
    lineChanged: () => {
      homeAssistant.lineChanged();
    },
  };
}

/** A service under a name. */
function named(name: string, service: Omit<StationLink, "name">): StationLink {
  return {
    name,
    start: () => service.start(),
    stop: () => service.stop(),
    inspected: (inspection) => service.inspected?.(inspection),
    lineChanged: (camera) => service.lineChanged?.(camera),
    acquired: (camera, triggerId) => service.acquired?.(camera, triggerId),
  };
}
