import { createHash } from "node:crypto";
import { readFile, stat, writeFile } from "node:fs/promises";
import { parseDocument } from "yaml";
import { InputError, messageOf } from "../domain/errors.ts";
import { writeDurably } from "../system/durable-files.ts";
import type { ConfigFiles } from "./config-files.ts";
import { loadConfig, type Environment } from "./load.ts";
import { REDACTED, redacted } from "./redact.ts";
import type { Config } from "./schema.ts";

/** One key of the configuration and what it is to be. */
export interface SettingChange {
  /** e.g. `cameras.0.deadlineMs` or `cameras[0].deadlineMs` */
  readonly key: string;
  readonly value: unknown;
}

/** What a change of the file came to; secrets are left out. */
export interface SettingsChanged {
  readonly old: Readonly<Record<string, unknown>>;
  readonly new: Readonly<Record<string, unknown>>;
  /** Of the file now. */
  readonly hash: string;
  /** Keys that count from the next start on: all of them, since a configuration is read once. */
  readonly restart: readonly string[];
}

export interface SettingsFileOptions {
  readonly file: string;
  /** What the station runs with. */
  readonly config: Config;
  readonly env: Environment;
  readonly files: ConfigFiles;
}

type KeyPath = readonly (string | number)[];

/**
 * The configuration as people see and change it from outside. A change is made to the text of the file (comments stay),
 * checked as the next start would, and written whole or not at all; the file before it is kept as `<file>.previous`.
 */
export class SettingsFile {
  readonly #options: SettingsFileOptions;
  /** Ends with the last change: they are made one after the other. */
  #changes: Promise<unknown> = Promise.resolve();

  constructor(options: SettingsFileOptions) {
    this.#options = options;
  }

  /**
   * The configuration in use, or one key of it, without secrets; `changed`: the file is not what the station runs with.
   * @throws InputError `unknown-key`
   */
  async get(key: string | null): Promise<{
    readonly value: unknown;
    readonly file_hash: string;
    readonly changed: boolean;
  }> {
    const { config, file } = this.#options;
    const text = await readText(file);
    const value = key === null ? config : valueAt(config, pathOf(key));
    if (value === undefined)
      throw new InputError("unknown-key", `The configuration has no key "${key ?? ""}".`);
    const name = key === null ? "" : String(pathOf(key).at(-1));
    return { value: redacted(value, name), file_hash: hashOf(text), changed: this.#differs(text) };
  }

  /**
   * Changes keys of the file.
   * @param expectHash the file's checksum it is meant for; null: any
   * @throws InputError `config-invalid` naming every problem, `config-changed`, `redacted`, `config-unwritable`
   */
  change(changes: readonly SettingChange[], expectHash: string | null): Promise<SettingsChanged> {
    return this.#inTurn(async () => {
      const text = await readText(this.#options.file);
      checkHash(text, expectHash);
      const changed = withChanges(text, changes);
      this.#check(changed);
      const keys = changes.map(({ key }) => key);
      return this.#replaced(text, changed, keys);
    });
  }

  /** Back to the file before the last change; a second undo takes it back. @throws InputError `no-previous` and those above */
  undo(expectHash: string | null): Promise<SettingsChanged> {
    return this.#inTurn(async () => {
      const text = await readText(this.#options.file);
      checkHash(text, expectHash);
      const previous = await readFile(this.#previous, "utf8").catch((error: unknown) => {
        throw new InputError("no-previous", `There is no configuration to go back to (${messageOf(error)}).`);
      });
      this.#check(previous);
      return this.#replaced(text, previous, []);
    });
  }

  get #previous(): string {
    return `${this.#options.file}.previous`;
  }

  #inTurn<R>(change: () => Promise<R>): Promise<R> {
    const made = this.#changes.then(change);
    this.#changes = made.catch(() => undefined);
    return made;
  }

  /** As the next start will read it. */
  #load(text: string): Config {
    const { file, env, files } = this.#options;
    return loadConfig(file, env, {
      ...files,
      readFile: (path) => (path === file ? text : files.readFile(path)),
    });
  }

  #check(text: string): void {
    try {
      this.#load(text);
    } catch (error) {
      throw new InputError("config-invalid", `Nothing was changed: ${messageOf(error)}`, { cause: error });
    }
  }

  #differs(text: string): boolean {
    return JSON.stringify(this.#loadOrNull(text)) !== JSON.stringify(this.#options.config);
  }

  async #write(before: string, after: string): Promise<void> {
    const { file } = this.#options;
    try {
      const { mode } = await stat(file);
      await replace(this.#previous, before, mode);
      await replace(file, after, mode);
    } catch (error) {
      throw new InputError(
        "config-unwritable",
        `${file} cannot be written (${messageOf(error)}). Let the station's user write it and its folder, or change it by hand.`,
        { cause: error },
      );
    }
  }

  /** @param keys those that were named; none: whatever differs at the top */
  async #replaced(before: string, after: string, keys: readonly string[]): Promise<SettingsChanged> {
    const [old, now] = [this.#loadOrNull(before), this.#load(after)];
    const named = keys.length > 0 ? keys : Object.keys(now).filter((key) => isChanged(old, now, key));
    const pick = (config: Config | null) =>
      Object.fromEntries(
        named.map((key) => [key, redacted(valueAt(config, pathOf(key)) ?? null, String(pathOf(key).at(-1)))]),
      );
    await this.#write(before, after);
    return { old: pick(old), new: pick(now), hash: hashOf(after), restart: named };
  }

  /** Null for a file that somebody made invalid by hand. */
  #loadOrNull(text: string): Config | null {
    try {
      return this.#load(text);
    } catch {
      return null;
    }
  }
}

function isChanged(old: Config | null, now: Config, key: string): boolean {
  return JSON.stringify(valueAt(old, [key])) !== JSON.stringify(valueAt(now, [key]));
}

/** The text with other values; comments and order stay. @throws InputError `redacted`, `config-invalid` */
function withChanges(text: string, changes: readonly SettingChange[]): string {
  const document = parseDocument(text);
  for (const { key, value } of changes) {
    if (JSON.stringify(value).includes(REDACTED)) {
      throw new InputError(
        "redacted",
        `${key} holds ${REDACTED}, which stands for a secret; give the secret itself.`,
      );
    }
    try {
      document.setIn(pathOf(key), document.createNode(value));
    } catch (error) {
      throw new InputError("config-invalid", `There is no place for ${key} (${messageOf(error)}).`, {
        cause: error,
      });
    }
  }
  return document.toString();
}

function checkHash(text: string, expected: string | null): void {
  if (expected === null || expected === hashOf(text)) return;
  throw new InputError(
    "config-changed",
    `The file has changed meanwhile (${hashOf(text)}, not ${expected}). Look at it again (cmd/config.get).`,
  );
}

function pathOf(key: string): KeyPath {
  const levels = key.replaceAll("[", ".").replaceAll("]", "").split(".");
  return levels.map((level) => (/^\d{1,4}$/.test(level) ? Number(level) : level));
}

function valueAt(value: unknown, path: KeyPath): unknown {
  const [key, ...rest] = path;
  if (key === undefined) return value;
  if (typeof value !== "object" || value === null || !Object.hasOwn(value, key)) return undefined;
  return valueAt((value as Record<string | number, unknown>)[key], rest);
}

function hashOf(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 16);
}

async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    throw new InputError("config-unreadable", `${file} cannot be read (${messageOf(error)}).`, {
      cause: error,
    });
  }
}

/** Durable, and as private as the file was: the temporary file that `writeDurably` fills is made beforehand. */
async function replace(path: string, text: string, mode: number): Promise<void> {
  await writeFile(`${path}.tmp`, "", { mode: mode & 0o777 });
  await writeDurably(path, text);
}
