import { existsSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { InputError } from "../domain/errors.ts";
import { requireFolder, subfolders } from "../imaging/picture-folder.ts";
import type { Category, Layout } from "./layout.ts";
import { btad } from "./layouts/btad.ts";
import { flat } from "./layouts/flat.ts";
import { kolektor } from "./layouts/kolektor.ts";
import { magneticTile } from "./layouts/magnetic-tile.ts";
import { mvtec3d } from "./layouts/mvtec-3d.ts";
import { mvtec } from "./layouts/mvtec.ts";
import { visa } from "./layouts/visa.ts";

export interface DataSet {
  /** Name of its folder. */
  readonly name: string;
  readonly dir: string;
  readonly layout: string;
  readonly categories: readonly Category[];
  /** What is there and is neither taught nor tested, each with the reason. */
  readonly leftOut: readonly string[];
}

/** The first that fits is taken, so the particular come before the general. */
const LAYOUTS: readonly Layout[] = [visa, mvtec3d, btad, kolektor, magneticTile, mvtec, flat];

/**
 * Reads what a folder holds, recognised by its layout. Pictures are listed, not opened.
 * @param only names of the categories that are wanted; empty: all
 * @throws InputError `folder-missing`, `folder-not-a-folder`, `data-set-unknown`, `category-unknown`
 */
export async function openDataSet(path: string, only: readonly string[] = []): Promise<DataSet> {
  const dir = resolve(path);
  await requireFolder(dir);
  for (const layout of LAYOUTS) {
    const categories = await layout.read(dir);
    if (categories === null || categories.length === 0) continue;
    const taken = wanted(dir, categories, only);
    const without = only.length > 0 ? [] : await foldersWithout(dir, layout, categories);
    const leftOut = [...without, ...taken.flatMap((category) => category.leftOut ?? [])];
    return { name: basename(dir), dir, layout: layout.name, categories: taken, leftOut };
  }
  const found = await subfolders(dir);
  throw new InputError(
    "data-set-unknown",
    `${dir} is not laid out like any data set that assayd knows (it has ${found.length > 0 ? `the folders ${found.slice(0, 6).join(", ")}` : "no folders"} and no pictures of its own). ` +
      `Looked for:\n${LAYOUTS.map(({ name, looksLike }) => `  ${name}: ${looksLike}`).join("\n")}`,
  );
}

/** Folders beside those of the categories: of a download that was cut off, or of another layout. */
async function foldersWithout(
  dir: string,
  { mark }: Layout,
  categories: readonly Category[],
): Promise<string[]> {
  if (mark === undefined || existsSync(join(dir, mark))) return [];
  const others = (await subfolders(dir)).filter((name) => !categories.some((one) => one.name === name));
  return others.map((name) => `${name}: no ${mark} in it`);
}

function wanted(dir: string, categories: readonly Category[], only: readonly string[]): readonly Category[] {
  const missing = only.filter((name) => !categories.some((category) => category.name === name));
  if (missing.length === 0)
    return only.length === 0 ? categories : categories.filter(({ name }) => only.includes(name));
  throw new InputError(
    "category-unknown",
    `${dir} has no category ${missing.join(", ")}; it has ${categories.map(({ name }) => name).join(", ")}.`,
  );
}
