import { resolve } from "node:path";
import { name as recipeName } from "../../config/name.ts";
import { InputError } from "../../domain/errors.ts";

/** One product to learn: which recipe, and the folder of its good parts. */
export interface ProductFolder {
  readonly recipe: string;
  /** Absolute. */
  readonly normalsDir: string;
}

const NAMED = /^([^/\\=]+)=(.+)$/;

/**
 * The products that the arguments of `assayd train` mean: `NAME=DIR` each, or one DIR alone.
 * @param recipe of a DIR alone
 * @returns at least one
 * @throws InputError `product-names` for several folders without names, a name twice, or one that cannot be a recipe's
 */
export function productFolders(images: readonly string[], recipe: string): readonly ProductFolder[] {
  const [only] = images;
  if (only !== undefined && images.length === 1 && !NAMED.test(only))
    return [{ recipe: checkedRecipe(recipe), normalsDir: resolve(only) }];
  const products = images.map(namedFolder);
  const names = products.map((product) => product.recipe);
  const twice = names.find((name, at) => names.indexOf(name) < at);
  if (twice === undefined) return products;
  throw new InputError(
    "product-names",
    `Recipe "${twice}" is given twice; put all its pictures into one folder.`,
  );
}

function namedFolder(image: string): ProductFolder {
  const [, recipe, folder] = NAMED.exec(image) ?? [];
  if (recipe === undefined || folder === undefined) {
    throw new InputError(
      "product-names",
      `"${image}" has no recipe; with several folders give each as NAME=DIR, for instance bottle=${image}.`,
    );
  }
  return {
    recipe: checkedRecipe(recipe, ` If "${image}" is one folder, write ./${image}.`),
    normalsDir: resolve(folder),
  };
}

/**
 * A recipe's name as it was given. @param remedy after the words on names
 * @throws InputError `product-names` if it cannot be one: bundles and folders are named after it
 */
export function checkedRecipe(recipe: string, remedy = ""): string {
  const checked = recipeName.safeParse(recipe);
  if (checked.success) return recipe;
  const rule = checked.error.issues[0]?.message ?? "";
  throw new InputError("product-names", `"${recipe}" cannot be a recipe's name: expected ${rule}.${remedy}`);
}
