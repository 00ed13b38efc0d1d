import { readdirSync, readFileSync } from "node:fs";

/** What the loader needs of the machine. */
export interface ConfigFiles {
  /** The text of a file. @throws if it cannot be read. */
  readonly readFile: (path: string) => string;
  /** Names in a folder; none if it is not there. Left out: no folder is there. */
  readonly listFolder?: (path: string) => readonly string[];
}

/** The files of this machine. */
export const MACHINE_FILES: ConfigFiles = {
  readFile: (path) => readFileSync(path, "utf8"),
  listFolder: (path) => {
    try {
      return readdirSync(path);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
      throw error;
    }
  },
};
