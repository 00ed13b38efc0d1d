import { recipeSettings, type RecipeSettings } from "../config/recipe-settings.ts";
import type { Config } from "../config/schema.ts";
import { InputError } from "../domain/errors.ts";
import type { RecipeIdentity } from "../domain/inspection.ts";

type RecipeConfig = Pick<Config, "station" | "training" | "recipes" | "cameras">;

/** The recipes that may be selected: those listed, and those that cameras begin with. */
export class RecipeBook {
  readonly #config: RecipeConfig;
  readonly #ids: readonly string[];

  constructor(config: RecipeConfig) {
    this.#config = config;
    const listed = config.recipes.map(({ name }) => name);
    this.#ids = [...new Set([...listed, ...config.cameras.map(({ recipe }) => recipe)])];
  }

  get all(): readonly RecipeIdentity[] {
    return this.#ids.map((id) => this.settings(id).identity);
  }

  has(id: string): boolean {
    return this.#ids.includes(id);
  }

  settings(id: string): RecipeSettings {
    return recipeSettings(this.#config, id);
  }

  /** @param wanted its name, or the number that a PLC knows it by @throws InputError `recipe-unknown` */
  find(wanted: string | number): RecipeSettings {
    const known = this.all;
    const found = known.find(({ id, number }) =>
      typeof wanted === "number" ? wanted > 0 && number === wanted : id === wanted,
    );
    if (found) return this.settings(found.id);
    const words = known.map(({ id, number }) => (number > 0 ? `${id} (${number})` : id));
    throw new InputError(
      "recipe-unknown",
      `There is no recipe ${typeof wanted === "number" ? wanted : JSON.stringify(wanted)}; known: ${words.join(", ")}. ` +
        "Add it under `recipes` or as a file of `recipesDir`, and start the station again.",
    );
  }
}
