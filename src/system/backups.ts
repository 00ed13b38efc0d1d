import { mkdir, open, readdir, rename, rm, stat } from "node:fs/promises";
import { basename, join } from "node:path";
import { InputError, messageOf } from "../domain/errors.ts";
import { syncFolder } from "./durable-files.ts";
import { writeTar, type TarEntry } from "./tar.ts";

const KEPT = 20;
/** Of a bundle, what describes it; all else is the model. */
const DESCRIBING = ["manifest.json", "manifest.json.sha256", "calibration.json", "report.json"];

export interface BackupsOptions {
  /** Where the archives go. */
  readonly folder: string;
  /** The configuration and what belongs to it, where there is a file. */
  readonly configFiles: readonly string[];
  readonly bundles: string;
  /** Pointers and thresholds set by people. */
  readonly active: string;
  /** Ids of the bundles that judge now. */
  readonly activeBundles: () => readonly string[];
  /** Epoch ms. */
  readonly now: () => number;
}

export interface Backup {
  readonly file: string;
  readonly bytes: number;
  readonly entries: number;
}

/** What is set on a station, as one tar in its state folder: `<time>.tar`, whole or not there; the newest 20 are kept. */
export class Backups {
  readonly #options: BackupsOptions;
  #last: Promise<unknown> = Promise.resolve();

  constructor(options: BackupsOptions) {
    this.#options = options;
  }

  /** @param content `with-models`: also the networks of the active bundles @throws InputError `backup-failed` */
  write(content: "settings" | "with-models"): Promise<Backup> {
    const written = this.#last.then(() => this.#write(content));
    this.#last = written.catch(() => undefined);
    return written;
  }

  async #write(content: "settings" | "with-models"): Promise<Backup> {
    const { folder, now } = this.#options;
    const name = `${new Date(now()).toISOString().replaceAll(":", "").replace(/\.\d+/, "")}.tar`;
    const file = join(folder, name);
    try {
      await mkdir(folder, { recursive: true });
      const entries = await this.#entries(content);
      const bytes = await writeWhole(file, entries);
      await this.#prune();
      return { file: name, bytes, entries: entries.length };
    } catch (error) {
      const text = `No backup was written to ${folder} (${messageOf(error)}). Make room there, or let the station's user write it.`;
      throw new InputError("backup-failed", text, { cause: error });
    }
  }

  async #entries(content: "settings" | "with-models"): Promise<TarEntry[]> {
    const { configFiles, bundles, active, activeBundles } = this.#options;
    const settings = configFiles.map((file) => ({ name: `config/${basename(file)}`, file }));
    const pointers = (await filesIn(active)).map((file) => ({
      name: `active/${file}`,
      file: join(active, file),
    }));
    const models: { name: string; file: string }[] = [];
    const judging = activeBundles();
    for (const id of await namesIn(bundles)) {
      const whole = content === "with-models" && judging.includes(id);
      const files = await filesIn(join(bundles, id));
      const wanted = files.filter((file) => whole || DESCRIBING.includes(file));
      models.push(
        ...wanted.map((file) => ({ name: `bundles/${id}/${file}`, file: join(bundles, id, file) })),
      );
    }
    const all = [...settings, ...pointers, ...models];
    return Promise.all(
      all.map(async (entry) => ({ ...entry, modifiedAt: (await stat(entry.file)).mtimeMs })),
    );
  }

  async #prune(): Promise<void> {
    const { folder } = this.#options;
    const archives = (await namesIn(folder)).filter((name) => /^\d{4}-.*Z\.tar$/.test(name)).toSorted();
    for (const name of archives.slice(0, -KEPT)) await rm(join(folder, name), { force: true });
  }
}

/** Temporary name → fsync → rename → fsync of the folder. @returns bytes */
async function writeWhole(file: string, entries: readonly TarEntry[]): Promise<number> {
  const temporary = `${file}.tmp`;
  const handle = await open(temporary, "w", 0o600); // a configuration may hold secrets
  try {
    const bytes = await writeTar(handle, entries);
    await handle.sync();
    await handle.close();
    await rename(temporary, file);
    await syncFolder(join(file, ".."));
    return bytes;
  } catch (error) {
    await handle.close().catch(() => undefined);
    await rm(temporary, { force: true });
    throw error;
  }
}

/** Regular files below a folder, relative to it; none if it is not there. */
async function filesIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true, recursive: true }).catch(ifMissing);
  return entries
    .filter((entry) => entry.isFile() && !entry.name.endsWith(".tmp"))
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .toSorted();
}

async function namesIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(ifMissing);
  return entries.map(({ name }) => name);
}

function ifMissing(error: unknown): never[] {
  if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
  throw error;
}
