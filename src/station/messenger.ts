import { randomBytes } from "node:crypto";
import type { Logger } from "pino";
import { statePaths } from "../config/paths.ts";
import type { Config } from "../config/schema.ts";
import type { MessengerOptions } from "../messaging/messenger-options.ts";
import { defaultRoot } from "../messaging/topics.ts";
import { Messenger } from "../messaging/messenger.ts";
import type { StoreLimits } from "../store/protocol.ts";
import { stationCommands, type StationControl } from "./commands.ts";

export interface MessengerParts extends Pick<MessengerOptions, "session" | "software" | "onFault"> {
  readonly config: Config;
  readonly credentialsDirectory: string | null;
  readonly logger: Logger;
  /** @throws InputError while the station is still starting */
  readonly control: () => StationControl;
  readonly lineTimes: NonNullable<MessengerOptions["lineTimes"]>;
}

/** The messenger of a station, its store opened; nothing is sent yet. @throws ConfigError */
export function openMessenger({ config, control, ...parts }: MessengerParts): Promise<Messenger> {
  return Messenger.open({
    ...parts,
    station: config.station.name,
    root: topicRootOf(config),
    cameras: config.cameras.map(({ name }) => name),
    broker: config.broker,
    images: config.images,
    store: { file: statePaths(config.station.stateDir).store, ...storeLimits(config) },
    replay: config.replay,
    handlers: stationCommands(control),
    responsePrefixes: config.commands.responsePrefixes,
    now: Date.now,
    random: randomBytes,
  });
}

export function topicRootOf({ station }: Pick<Config, "station">): string {
  return station.topicRoot ?? defaultRoot(station.name);
}

function storeLimits({ outbox, history }: Config): StoreLimits {
  return {
    maxMessages: outbox.maxMessages,
    maxBytes: outbox.maxBytes,
    outboxDays: outbox.days,
    historyDays: history.days,
    historyMaxBytes: history.maxBytes,
    maxAuditEntries: history.auditEntries,
  };
}
