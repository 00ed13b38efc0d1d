import { join, parse } from "node:path";
import { pictures, subfolders, type PictureRef } from "../../imaging/picture-folder.ts";
import type { Category } from "../layout.ts";
import { layoutByFolders, type CategoryFolder } from "./category-folders.ts";

/** MVTec 3D-AD, colour pictures only; `validation` is not used. Source: Bergmann et al. 2022. */
export const mvtec3d = layoutByFolders(
  {
    name: "MVTec 3D-AD",
    looksLike: "[<category>/]train/good/rgb/*, test/<kind>/rgb/*, test/<kind>/gt/* (same names)",
    mark: "train/good/rgb",
  },
  readCategory,
);

async function readCategory({ name, dir }: CategoryFolder): Promise<Category> {
  const normalsDir = join(dir, "train/good/rgb");
  const normals = (await pictures(normalsDir)).map((file) => join(normalsDir, file));
  const kinds = await subfolders(join(dir, "test"));
  const test = await Promise.all(kinds.map((kind) => listKind(join(dir, "test", kind), kind)));
  return { name, normals, test: test.flat() };
}

/** Good pictures have a (black) mask file as well: it is not a defect's. */
async function listKind(dir: string, kind: string): Promise<PictureRef[]> {
  const isGood = kind === "good";
  const masks = isGood ? [] : await pictures(join(dir, "gt"));
  return (await pictures(join(dir, "rgb"))).map((name) => {
    const mask = masks.find((one) => parse(one).name === parse(name).name);
    return {
      file: join(dir, "rgb", name),
      truth: { label: isGood ? "good" : "bad", source: kind },
      mask: mask === undefined ? null : join(dir, "gt", mask),
    };
  });
}
