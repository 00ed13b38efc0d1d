import { basename, join, parse } from "node:path";
import { pictures, type PictureRef } from "../../imaging/picture-folder.ts";
import { isBlackMask } from "../../imaging/mask.ts";
import type { Layout } from "../layout.ts";

const MASK = "_GT";

/**
 * KolektorSDD2, unsupervised: the normals are the training pictures with a black mask, the defective ones among them are
 * left out. Here the mask is the data set's only label: a picture is bad if the full-size mask has any white pixel.
 * Source: Božič et al. 2021.
 */
export const kolektor: Layout = {
  name: "KolektorSDD2",
  looksLike: "train/<n>.png with train/<n>_GT.png, and the same in test",
  read: async (dir) => {
    const names = await pictures(join(dir, "train"));
    if (!names.some((name) => parse(name).name.endsWith(MASK))) return null;
    const train = await listPart(join(dir, "train"));
    const normals = train.filter(({ truth }) => truth.label === "good").map(({ file }) => file);
    return [{ name: basename(dir), normals, test: await listPart(join(dir, "test")) }];
  },
};

async function listPart(dir: string): Promise<PictureRef[]> {
  const names = await pictures(dir);
  const masks = new Set(names.filter((name) => parse(name).name.endsWith(MASK)));
  const refs: PictureRef[] = [];
  for (const name of names.filter((one) => !masks.has(one))) {
    const mask = `${parse(name).name}${MASK}.png`;
    const isGood = !masks.has(mask) || (await isBlackMask(join(dir, mask)));
    refs.push({
      file: join(dir, name),
      truth: { label: isGood ? "good" : "bad", source: isGood ? "good" : "defect" },
      mask: isGood ? null : join(dir, mask),
    });
  }
  return refs;
}
