import { createHash } from "node:crypto";
import type { RecipeIdentity, Size } from "../domain/inspection.ts";
import { policySchema, type PolicyConfig } from "./policy-schema.ts";
import { preprocessSchema, type PreprocessConfig } from "./preprocess-schema.ts";
import { qualitySchema, type QualityConfig } from "./quality-schema.ts";
import type { Config } from "./schema.ts";

const HASH_LENGTH = 12;

/** What holds for one product. */
export interface RecipeSettings {
  readonly identity: RecipeIdentity;
  /** Of the model. */
  readonly inputSize: Size;
  /** Of the pictures that cameras give; larger than the model's input if they are cut into tiles. */
  readonly pictureSize: Size;
  /** Null: the camera's. */
  readonly deadlineMs: number | null;
  readonly policy: PolicyConfig;
  readonly quality: QualityConfig;
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
  const hash = createHash("sha256").update(JSON.stringify({ own: own ?? null, inputSize, preprocess }));
  return {
    identity: {
      id: recipe,
      number: own?.number ?? 0,
      version: own?.version ?? null,
      hash: hash.digest("hex").slice(0, HASH_LENGTH),
    },
    inputSize,
    pictureSize: preprocess.pictureSize ?? inputSize,
    deadlineMs: own?.deadlineMs ?? null,
    policy: own?.policy ?? policySchema.parse({}),
    quality: own?.quality ?? qualitySchema.parse({}),
    preprocess,
  };
}
