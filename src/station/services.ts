import { InputError } from "../domain/errors.ts";
import type { StationActions } from "../domain/station-view.ts";
import type { Replays } from "../messaging/replays.ts";
import type { Backups } from "../system/backups.ts";
import type { SettingsFile } from "../config/settings-file.ts";
import type { StationAlarms } from "./alarms.ts";
import type { Studies } from "./studies/studies.ts";

/** Labels that people give to parts after the fact. */
export interface PartLabels {
  /**
   * Remembers what a part really was, and keeps its picture for training (good) or for the challenge (bad).
   * @returns the label before @throws InputError `bad-inspection-id`, `no-evidence`, `unknown-inspection`
   */
  label(inspectionId: string, label: "good" | "bad" | null, by: string): Promise<"good" | "bad" | null>;
}

/** What a station has beside its lines. A part that is absent answers its commands with `not-available`. */
export interface StationServices {
  readonly actions: StationActions;
  readonly alarms: Pick<StationAlarms, "acknowledge">;
  readonly labels: PartLabels;
  readonly studies: Pick<Studies, "startGauge" | "startChallenge" | "cancel">;
  readonly settings: Pick<SettingsFile, "get" | "change" | "undo">;
  readonly backups: Pick<Backups, "write">;
  readonly replays: Pick<Replays, "request" | "cancel">;
  /** Needed to switch the bypass on. */
  readonly bypassKey: string;
}

const MISSING: Readonly<Record<keyof StationServices, string>> = {
  actions: "it is still starting",
  alarms: "it keeps no alarms",
  labels: "it keeps no evidence pictures",
  studies: "it runs no studies",
  settings: "it runs without a configuration file; start it with --config",
  backups: "it has no state folder",
  replays: "it keeps no history",
  bypassKey: "no bypass key is configured, so parts are never passed unjudged",
};

/** A part of the station. @throws InputError `not-available` if it has none */
export function service<K extends keyof StationServices>(
  services: Partial<StationServices>,
  name: K,
): StationServices[K] {
  const found = services[name];
  if (found !== undefined) return found;
  throw new InputError("not-available", `This station cannot do that: ${MISSING[name]}.`);
}
