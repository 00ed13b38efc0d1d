import { existsSync } from "node:fs";
import { basename, join } from "node:path";
import { subfolders } from "../../imaging/picture-folder.ts";

export interface CategoryFolder {
  readonly name: string;
  readonly dir: string;
}

/**
 * Folders of categories: those below `dir` that have the path `mark` (e.g. `train/good`), or `dir` itself if it has it.
 */
export async function categoryFolders(dir: string, mark: string): Promise<CategoryFolder[]> {
  if (existsSync(join(dir, mark))) return [{ name: basename(dir), dir }];
  const names = await subfolders(dir);
  return names
    .filter((name) => existsSync(join(dir, name, mark)))
    .map((name) => ({ name, dir: join(dir, name) }));
}
