import type { Config } from "../config/schema.ts";
import { chooseLine } from "./choose-line.ts";
import type { StationControl } from "./commands.ts";
import type { StationParts } from "./parts.ts";

/** The station as its commands see it. */
export function stationControl(config: Pick<Config, "commands">, parts: StationParts): StationControl {
  const { messenger, reporter, lines, models, training, actions, desk } = parts;
  const line: StationControl["line"] = (camera) => chooseLine(lines, camera ?? undefined);
  return {
    models,
    training,
    actions,
    alarms: reporter.alarms,
    labels: desk.labels,
    studies: desk.studies,
    backups: desk.backups,
    replays: messenger.replays,
    ...(desk.settings && { settings: desk.settings }),
    ...(config.commands.bypassKey !== null && { bypassKey: config.commands.bypassKey }),
    line,
    linesFor: (camera) => (camera === null ? [...lines.values()] : [line(camera)]),
    snapshot: async (own) => messenger.snapshot(await own.snapshot()),
    republish: () => {
      messenger.republish();
    },
    publishCameraState: (own) => {
      reporter.changed(own);
    },
    now: Date.now,
  };
}
