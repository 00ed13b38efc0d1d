import { basename, join, parse } from "node:path";
import { pictures, type PictureRef } from "../../imaging/picture-folder.ts";
import { isBlackMask } from "../../imaging/mask.ts";
import type { Layout } from "../layout.ts";

const MASK = "_GT";

/**
 * KolektorSDD2, unsupervised: the normals are the training pictures with a black mask, the defective ones among them are
 * left out. Here the mask is the data set's only label: a picture is bad if the full-size mask has any white pixel, and one
 * without a mask is left out. Source: Božič et al. 2021.
 */
export const kolektor: Layout = {
  name: "KolektorSDD2",
  looksLike: "train/<n>.png with train/<n>_GT.png, and the same in test",
  read: async (dir) => {
    const names = await pictures(join(dir, "train"));
    if (!names.some((name) => parse(name).name.endsWith(MASK))) return null;
    const [train, test] = [await listPart(dir, "train"), await listPart(dir, "test")];
    const normals = train.refs.filter(({ truth }) => truth.label === "good").map(({ file }) => file);
    const leftOut = [...train.leftOut, ...test.leftOut];
    return [{ name: basename(dir), normals, test: test.refs, leftOut }];
  },
};

async function listPart(
  dir: string,
  part: "train" | "test",
): Promise<{ readonly refs: PictureRef[]; readonly leftOut: string[] }> {
  const names = await pictures(join(dir, part));
  const masks = new Map(
    names.filter((name) => parse(name).name.endsWith(MASK)).map((name) => [parse(name).name, name]),
  );
  const refs: PictureRef[] = [];
  const leftOut: string[] = [];
  for (const name of names) {
    const { name: stem } = parse(name);
    if (masks.has(stem)) continue;
    const mask = masks.get(`${stem}${MASK}`);
    if (mask === undefined) {
      leftOut.push(`${part}/${name}: no ${stem}${MASK}.png, which would be its label`);
      continue;
    }
    const isGood = await isBlackMask(join(dir, part, mask));
    refs.push({
      file: join(dir, part, name),
      truth: { label: isGood ? "good" : "bad", source: isGood ? "good" : "defect" },
      mask: isGood ? null : join(dir, part, mask),
    });
  }
  return { refs, leftOut };
}
