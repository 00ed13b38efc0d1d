import { basename, join, parse } from "node:path";
import { pictures, subfolders, type PictureRef } from "../../imaging/picture-folder.ts";
import { splitNormals } from "../../training/split.ts";
import type { Layout } from "../layout.ts";

/** No split is published: ours is a seeded 80 / 20 of the free tiles. */
const TEST_SHARE = 0.2;
const SPLIT_SEED = 1;
const PREFIX = "MT_";
const FREE = "MT_Free";

/** The magnetic-tile defects as their authors laid them out. Source: Huang et al. 2020, Magnetic-tile-defect-datasets. */
export const magneticTile: Layout = {
  name: "magnetic tile",
  looksLike: "MT_Free/Imgs/*.jpg, MT_<defect>/Imgs/<picture>.jpg with the mask <picture>.png",
  read: async (dir) => {
    const kinds = (await subfolders(dir)).filter((name) => name.startsWith(PREFIX));
    if (!kinds.includes(FREE)) return null;
    const free = await listKind(dir, FREE);
    const { train, heldOut } = splitNormals(free.length, TEST_SHARE, SPLIT_SEED);
    const defects = await Promise.all(
      kinds.filter((kind) => kind !== FREE).map((kind) => listKind(dir, kind)),
    );
    return [
      {
        name: basename(dir),
        normals: train.toSorted((a, b) => a - b).map((at) => free[at]!.file),
        test: [...heldOut.toSorted((a, b) => a - b).map((at) => free[at]!), ...defects.flat()],
      },
    ];
  },
};

/** Every picture is a JPEG with a PNG of the same name: its mask, black for free tiles. */
async function listKind(dir: string, kind: string): Promise<PictureRef[]> {
  const folder = join(dir, kind, "Imgs");
  const names = await pictures(folder);
  const masks = names.filter((name) => /\.png$/i.test(name));
  return names
    .filter((name) => !masks.includes(name))
    .map((name) => {
      const mask = masks.find((one) => parse(one).name === parse(name).name);
      const isFree = kind === FREE;
      return {
        file: join(folder, name),
        truth: {
          label: isFree ? "good" : "bad",
          source: isFree ? "good" : kind.slice(PREFIX.length).toLowerCase(),
        },
        mask: !isFree && mask !== undefined ? join(folder, mask) : null,
      };
    });
}
