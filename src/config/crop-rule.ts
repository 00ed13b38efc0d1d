import type { ConfigProblem } from "./problem.ts";
import type { AdpsConfig, MethodConfig } from "./method-schema.ts";
import type { Config } from "./schema.ts";
import type { KeyPath } from "./schema-words.ts";
import type { YamlSource } from "./yaml-source.ts";

/**
 * Pixels that the sides of a model's input must be a multiple of, so that `patches` × `patches` crops are whole numbers of the
 * coarsest level's locations (ADPS). Levels 1, 2, 3 have a location for 4, 8, 16 pixels.
 */
export function cropUnitPx({ levels, patches }: Pick<AdpsConfig, "levels" | "patches">): number {
  return patches * 2 ** (Math.max(...levels) + 1);
}

/** Input sizes that the method cannot cut: refused here, not after the good parts are collected. */
export function cropProblems(
  { training: { method }, station, recipes }: Config,
  source: YamlSource,
): readonly ConfigProblem[] {
  const sizes: { readonly path: KeyPath; readonly key: string; readonly size: number | undefined }[] = [
    { path: ["station", "inputSize"], key: "station.inputSize", size: station.inputSize },
    ...recipes.map(({ inputSize: size }, at) => ({
      path: ["recipes", at, "inputSize"],
      key: `recipes[${at}].inputSize`,
      size,
    })),
  ];
  return sizes.flatMap(({ path, key, size }) => {
    const message = cropProblem(method, size);
    return message === null ? [] : [{ ...source.positionOfValue(path), key, message }];
  });
}

/** What is wrong with an input size, for the method that will learn; null: nothing. @param size undefined: none is given */
export function cropProblem(method: MethodConfig, size: number | undefined): string | null {
  const learned = method.name === "auto" ? method.trained : method;
  if (learned.name !== "adps" || size === undefined) return null;
  const unit = cropUnitPx(learned);
  if (size % unit === 0) return null;
  return (
    `cannot be cut into ${learned.patches} × ${learned.patches} crops (got ${size}); expected a multiple of ${unit} for method ` +
    `adps; set ${Math.ceil(size / unit) * unit}, or lower training.method.patches`
  );
}
