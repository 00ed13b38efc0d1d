import { existsSync } from "node:fs";
import { basename, join } from "node:path";
import { subfolders } from "../../imaging/picture-folder.ts";
import type { Category, Layout } from "../layout.ts";

export interface CategoryFolder {
  readonly name: string;
  readonly dir: string;
}

/**
 * Folders of categories: those below `dir` that have the path `mark` (e.g. `train/good`), or `dir` itself if it has it.
 */
async function categoryFolders(dir: string, mark: string): Promise<CategoryFolder[]> {
  if (existsSync(join(dir, mark))) return [{ name: basename(dir), dir }];
  const names = await subfolders(dir);
  return names
    .filter((name) => existsSync(join(dir, name, mark)))
    .map((name) => ({ name, dir: join(dir, name) }));
}

/** A layout in which each category has a folder of its own, known by its `mark`. */
export function layoutByFolders(
  words: Required<Pick<Layout, "name" | "looksLike" | "mark">>,
  readCategory: (folder: CategoryFolder) => Promise<Category>,
): Layout {
  return {
    ...words,
    read: async (dir) => {
      const folders = await categoryFolders(dir, words.mark);
      return folders.length === 0 ? null : Promise.all(folders.map(readCategory));
    },
  };
}
