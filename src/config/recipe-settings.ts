import type { Size } from "../domain/inspection.ts";
import { preprocessSchema, type PreprocessConfig } from "./preprocess-schema.ts";
import type { Config } from "./schema.ts";

/** What holds for one product. */
export interface RecipeSettings {
  /** Of the model. */
  readonly inputSize: Size;
  /** Of the pictures that cameras give; larger than the model's input if they are cut into tiles. */
  readonly pictureSize: Size;
  readonly preprocess: PreprocessConfig;
}

/** The station's settings with what the recipe has of its own. A recipe that is not listed has nothing. */
export function recipeSettings(
  { station, training, recipes }: Pick<Config, "station" | "training" | "recipes">,
  recipe: string,
): RecipeSettings {
  const own = recipes.find(({ name }) => name === recipe);
  const side = own?.inputSize ?? station.inputSize;
  const inputSize = { width: side, height: side };
  const preprocess = preprocessSchema.parse({ ...training.preprocess, ...own?.preprocess });
  return { inputSize, pictureSize: preprocess.pictureSize ?? inputSize, preprocess };
}
