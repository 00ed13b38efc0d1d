import { z } from "zod";
import { name } from "./name.ts";
import { policySchema } from "./policy-schema.ts";
import { qualitySchema } from "./quality-schema.ts";
import { inputSize, preprocessFields } from "./preprocess-schema.ts";

const fields = {
  number: z
    .int()
    .min(1)
    .max(65535)
    .optional()
    .describe("what a PLC selects it by; without one it can be selected by name only"),
  version: z.string().min(1).max(64).optional().describe("yours, echoed with every result"),
  inputSize: inputSize.optional(),
  deadlineMs: z.number().positive().optional().describe("trigger to verdict; left out: the camera's"),
  policy: policySchema.prefault({}),
  quality: qualitySchema
    .prefault({})
    .describe("pictures beyond these limits are ERR image_quality and never learnt from; null: not checked"),
  preprocess: z.strictObject(preprocessFields).partial().default({}),
};

/** What one product has of its own; every key left out is the station's. A file of `recipesDir` holds this, its stem is the name. */
export const recipeFileSchema = z.strictObject(fields);

/** The same as an entry of `recipes`. */
export const recipeSchema = z.strictObject({ name: name.describe("as cameras name it"), ...fields });
export type RecipeConfig = z.infer<typeof recipeSchema>;
