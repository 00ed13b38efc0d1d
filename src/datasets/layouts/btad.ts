import { join, parse } from "node:path";
import { pictures, type PictureRef } from "../../imaging/picture-folder.ts";
import type { Category } from "../layout.ts";
import { layoutByFolders, type CategoryFolder } from "./category-folders.ts";

/** BTAD: three products, `ok` and `ko`; pictures are BMP or PNG, and so are masks. Source: Mishra et al. 2021. */
export const btad = layoutByFolders(
  {
    name: "BTAD",
    looksLike: "[<category>/]train/ok/*, test/ok/*, test/ko/*, ground_truth/ko/<picture>.png or .bmp",
    mark: "train/ok",
  },
  readCategory,
);

async function readCategory({ name, dir }: CategoryFolder): Promise<Category> {
  const normals = (await pictures(join(dir, "train/ok"))).map((file) => join(dir, "train/ok", file));
  return { name, normals, test: [...(await listKind(dir, "ok")), ...(await listKind(dir, "ko"))] };
}

async function listKind(dir: string, kind: "ok" | "ko"): Promise<PictureRef[]> {
  const masks = new Map(
    kind === "ko"
      ? (await pictures(join(dir, "ground_truth/ko"))).map((mask) => [parse(mask).name, mask] as const)
      : [],
  );
  return (await pictures(join(dir, "test", kind))).map((name) => {
    const mask = masks.get(parse(name).name);
    return {
      file: join(dir, "test", kind, name),
      truth: { label: kind === "ok" ? "good" : "bad", source: kind === "ok" ? "good" : "defect" },
      mask: mask === undefined ? null : join(dir, "ground_truth/ko", mask),
    };
  });
}
