import type { RecipeIdentity } from "../domain/inspection.ts";
import { messageOf } from "../domain/errors.ts";
import type { CameraLine } from "../inspection/camera-line.ts";
import type { LineRecipe } from "../inspection/line-parts.ts";
import type { RecipeBook } from "./recipe-book.ts";
import type { SelectedRecipes } from "./selected-recipes.ts";
import type { StationModels } from "./models.ts";

export interface StationRecipesParts {
  readonly book: RecipeBook;
  readonly selected: SelectedRecipes;
  readonly models: Pick<StationModels, "changeRecipe" | "prepare">;
  /** A recipe as this camera uses it. */
  readonly lineRecipe: (camera: string, recipe: string) => LineRecipe;
  /** The choice could not be kept for a restart. */
  readonly onProblem: (camera: string, text: string) => void;
}

/** Which product each camera looks at, and the change from one to another. */
export class StationRecipes {
  readonly #parts: StationRecipesParts;

  constructor(parts: StationRecipesParts) {
    this.#parts = parts;
  }

  get all(): readonly RecipeIdentity[] {
    return this.#parts.book.all;
  }

  /** What a camera begins with: the recipe it was last set to, if that is still known, else the configuration's. */
  first(camera: string, configured: string): string {
    const selected = this.#parts.selected.of(camera);
    return selected !== null && this.#parts.book.has(selected) ? selected : configured;
  }

  /**
   * From the next part on the line judges by this recipe. Triggers between the call and its end are `ERR not_ready`.
   * @param wanted name or number @throws InputError `recipe-unknown`; ModelError, the old recipe then goes on
   */
  async select(line: CameraLine, wanted: string | number, by: string): Promise<RecipeIdentity> {
    const { identity } = this.#parts.book.find(wanted);
    await this.#parts.models.changeRecipe(line, this.#parts.lineRecipe(line.name, identity.id), by);
    if (this.#parts.selected.of(line.name) === identity.id) return identity;
    try {
      await this.#parts.selected.select(line.name, identity.id);
    } catch (error) {
      const text = `recipe ${identity.id} is in use, but after a restart ${line.name} will begin with the one before: ${messageOf(error)}`;
      this.#parts.onProblem(line.name, text);
    }
    return identity;
  }

  /** Loads a recipe's model beside the one that judges. @throws InputError `recipe-unknown`, `no-model`; ModelError */
  async prepare(line: CameraLine, wanted: string | number): Promise<RecipeIdentity> {
    const { identity } = this.#parts.book.find(wanted);
    await this.#parts.models.prepare(line, identity.id);
    return identity;
  }
}
