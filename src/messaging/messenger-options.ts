import type { Logger } from "pino";
import type { ReplayLimits } from "../config/history-schema.ts";
import type { BrokerConfig, ImagesConfig } from "../config/schema.ts";
import type { LineTimes } from "../domain/station-view.ts";
import type { StoreLimits } from "../store/protocol.ts";
import type { CommandHandlers } from "./commands.ts";

export interface MessengerOptions {
  readonly station: string;
  /** Topic root, without a slash at its end. */
  readonly root: string;
  /** UUID of this run. */
  readonly session: string;
  /** assayd's version. */
  readonly software: string;
  readonly cameras: readonly string[];
  readonly broker: BrokerConfig;
  readonly images: ImagesConfig;
  readonly store: StoreLimits & { readonly file: string };
  readonly replay?: ReplayLimits;
  readonly handlers: CommandHandlers;
  /** More prefixes that callers' response topics may have; `{root}/rsp/` always may. */
  readonly responsePrefixes?: readonly string[];
  /** systemd's $CREDENTIALS_DIRECTORY; null if there is none. */
  readonly credentialsDirectory: string | null;
  readonly logger: Logger;
  /** Epoch ms. */
  readonly now: () => number;
  /** Trigger to verdict of a camera's newest parts, for its counters. */
  readonly lineTimes?: (camera: string) => LineTimes;
  /** n random bytes. */
  readonly random: (n: number) => Uint8Array;
  /** A fault of the broker connection or of the store begins, changes or ends (null). */
  readonly onFault: (
    source: "mqtt" | "store",
    fault: { readonly code: string; readonly text: string } | null,
  ) => void;
}

/** Numbers for health, metrics and the terminal. */
export interface MessengerStats {
  readonly connected: boolean;
  /** Messages that the broker has not acknowledged. */
  readonly queued: number;
  /** Rows not yet on the disk. */
  readonly storePending: number;
  readonly published: number;
  /** Messages a second of the last outbox batch of 100 or more; 0 before the first. */
  readonly drainPerS: number;
  readonly imagesPublished: number;
  readonly imagesDropped: number;
}

/** Another user of the main connection (Home Assistant's discovery). No call throws or waits. */
export interface BrokerGuest {
  /** Each time, after the station's state was published. */
  connected(): void;
  disconnected(): void;
  /** Any message that came. */
  received(message: { readonly topic: string; readonly payload: Uint8Array | string }): void;
}
