import { readFileSync } from "node:fs";
import { z } from "zod";
import { name } from "../config/name.ts";
import { messageOf } from "../domain/errors.ts";
import { writeDurably } from "../system/durable-files.ts";

const schema = z.record(name, name);

/** Which recipe each camera was last set to, kept over a restart. */
export class SelectedRecipes {
  readonly #file: string;
  #selected: Readonly<Record<string, string>>;
  #writing: Promise<void> = Promise.resolve();
  /** Why the file could not be read, or null. */
  readonly problem: string | null;

  private constructor(file: string, selected: Readonly<Record<string, string>>, problem: string | null) {
    this.#file = file;
    this.#selected = selected;
    this.problem = problem;
  }

  /** A file that is not there selects nothing; a damaged one neither, and `problem` says so. */
  static read(file: string): SelectedRecipes {
    try {
      return new SelectedRecipes(file, schema.parse(JSON.parse(readFileSync(file, "utf8"))), null);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return new SelectedRecipes(file, {}, null);
      return new SelectedRecipes(
        file,
        {},
        `${file} is damaged (${messageOf(error)}); cameras begin with the configuration's recipes`,
      );
    }
  }

  of(camera: string): string | null {
    return this.#selected[camera] ?? null;
  }

  /** Durable when it resolves. @throws the system's error; after a restart the former recipe then holds */
  select(camera: string, recipe: string): Promise<void> {
    this.#selected = { ...this.#selected, [camera]: recipe };
    const text = `${JSON.stringify(this.#selected, null, 2)}\n`;
    const written = this.#writing.then(() => writeDurably(this.#file, text));
    this.#writing = written.catch(() => undefined);
    return written;
  }
}
