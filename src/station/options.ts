import type { Logger } from "pino";
import type { Config } from "../config/schema.ts";
import type { Inspection } from "../domain/inspection.ts";
import type { JobStatus } from "../training/supervisor.ts";

export interface StationOptions {
  readonly config: Config;
  readonly logger: Logger;
  /** The file that the configuration came from; left out: none. */
  readonly configFile?: string | null;
  /** Judges nothing and rejects everything: the starts before this one failed. */
  readonly safeMode?: boolean;
  /** assayd's version. */
  readonly software: string;
  /** Other entries of the child processes, for tests. */
  readonly entries?: { readonly capture?: URL; readonly infer?: URL; readonly training?: URL };
  /** systemd's $CREDENTIALS_DIRECTORY. */
  readonly credentialsDirectory?: string;
  readonly onInspection?: (inspection: Inspection) => void;
  /** From the arrival of a PLC's request to the lane, ms. */
  readonly onTriggerLatency?: (camera: string, ms: number) => void;
  readonly onJob?: (status: JobStatus) => void;
}
