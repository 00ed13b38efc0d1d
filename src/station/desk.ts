import { join } from "node:path";
import type { Archive } from "../archive/archive.ts";
import type { ConfigFiles } from "../config/config-files.ts";
import type { Environment } from "../config/load.ts";
import type { StatePaths } from "../config/paths.ts";
import { recipeSettings } from "../config/recipe-settings.ts";
import type { Config } from "../config/schema.ts";
import { SettingsFile } from "../config/settings-file.ts";
import { InputError } from "../domain/errors.ts";
import type { Frame } from "../domain/inspection.ts";
import { readPicture } from "../imaging/read-picture.ts";
import type { Store } from "../store/store.ts";
import { Backups } from "../system/backups.ts";
import type { CameraLine } from "../inspection/camera-line.ts";
import { StationLabels, type ChallengeFile } from "./labels.ts";
import { Studies, type StudyStatus } from "./studies/studies.ts";

const CHALLENGE_TIMEOUT_MS = 10_000; // parts of the line come first

export interface DeskParts {
  readonly config: Config;
  /** Null: it runs with defaults alone. */
  readonly configFile: string | null;
  readonly env: Environment;
  readonly files: ConfigFiles;
  readonly stateDir: string;
  readonly paths: StatePaths;
  readonly archive: Pick<Archive, "find" | "label">;
  readonly archiveDir: string;
  readonly store: Pick<Store, "history">;
  /** @throws InputError for a camera that does not exist */
  readonly line: (camera: string) => CameraLine;
  readonly activeBundles: () => readonly string[];
  readonly onStudy: (status: StudyStatus) => void;
  readonly newId: () => string;
  /** Epoch ms. */
  readonly now: () => number;
}

/** What people do at a station beside the line: label parts, study it, change its settings, back them up. */
export interface StationDesk {
  readonly labels: StationLabels;
  readonly studies: Studies<ChallengeFile>;
  /** Absent without a configuration file. */
  readonly settings?: SettingsFile;
  readonly backups: Backups;
}

export function stationDesk(parts: DeskParts): StationDesk {
  const { config, configFile, env, files, stateDir, paths, now } = parts;
  const labels = stationLabels(parts);
  const recipesOf = configFile === null ? [] : recipeFiles(config, files);
  return {
    labels,
    studies: new Studies<ChallengeFile>({
      inspect: (camera) => parts.line(camera).trigger({}),
      challengePictures: (camera) => labels.challenge(parts.line(camera).recipe),
      judge: (camera, picture) => judge(config, parts.line(camera), picture),
      onChange: parts.onStudy,
      newId: parts.newId,
      now,
    }),
    ...(configFile !== null && { settings: new SettingsFile({ file: configFile, config, env, files }) }),
    backups: new Backups({
      folder: join(stateDir, "backups"),
      configFiles: configFile === null ? [] : [configFile, ...recipesOf],
      bundles: paths.bundles,
      active: paths.active,
      activeBundles: parts.activeBundles,
      now,
    }),
  };
}

function stationLabels({ config, stateDir, paths, archive, archiveDir, store }: DeskParts): StationLabels {
  return new StationLabels({
    archive,
    archiveDir,
    history: (camera, from, to) => store.history(camera, from, to),
    geometry: (name, recipe) => {
      const camera = config.cameras.find((candidate) => candidate.name === name);
      if (camera === undefined) {
        throw new InputError(
          "unknown-camera",
          `The part was seen by camera "${name}", which is no longer configured.`,
        );
      }
      return { crop: camera.crop, size: recipeSettings(config, recipe).pictureSize };
    },
    datasetsDir: paths.datasets,
    challengeDir: join(stateDir, "challenge"),
  });
}

/** The active model's score of a picture file, between the parts of the line. */
async function judge(
  config: Config,
  line: CameraLine,
  { id, file }: ChallengeFile,
): Promise<{ readonly score: number; readonly threshold: number }> {
  const model = line.model;
  if (typeof model === "string") throw new InputError("no-model", model);
  const size = recipeSettings(config, line.recipe).pictureSize;
  const frame: Frame = {
    id: `challenge-${id}`,
    camera: line.name,
    counter: 0,
    capturedAt: 0,
    clock: "arrival",
    ...size,
    data: await readPicture(file, size),
    simulated: false,
    truth: null,
  };
  const { score } = await model.infer(frame, CHALLENGE_TIMEOUT_MS);
  return { score, threshold: model.thresholds.reject };
}

function recipeFiles({ recipesDir }: Config, files: ConfigFiles): readonly string[] {
  const names = files.listFolder?.(recipesDir) ?? [];
  return names.filter((name) => /^[^.].*\.ya?ml$/.test(name)).map((name) => join(recipesDir, name));
}
