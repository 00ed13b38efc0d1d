import { join } from "node:path";
import { listLabelled, subfolders } from "../../imaging/picture-folder.ts";
import type { Category } from "../layout.ts";
import { layoutByFolders, type CategoryFolder } from "./category-folders.ts";

/** MVTec AD, MPDD and whatever else takes their form. Source: Bergmann et al. 2021. */
export const mvtec = layoutByFolders(
  {
    name: "MVTec form",
    looksLike:
      "[<category>/]train/good/*, test/good/*, test/<defect>/*, ground_truth/<defect>/<picture>_mask.png or <picture>.png",
    mark: "train/good",
  },
  readCategory,
);

async function readCategory({ name, dir }: CategoryFolder): Promise<Category> {
  const normals = (await listLabelled(dir, "train", "good")).map(({ file }) => file);
  const kinds = await subfolders(join(dir, "test"));
  const test = await Promise.all(kinds.map((kind) => listLabelled(dir, "test", kind)));
  return { name, normals, test: test.flat() };
}
