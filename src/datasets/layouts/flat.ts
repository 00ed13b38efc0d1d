import { basename, join } from "node:path";
import { pictures } from "../../imaging/picture-folder.ts";
import { splitNormals } from "../../training/split.ts";
import type { Layout } from "../layout.ts";

/** Of the pictures, to see how many good ones are rejected; there is nothing to tell defects by. */
const TEST_SHARE = 0.2;
const SPLIT_SEED = 1;

/** Any folder of good pictures: a seeded fifth of them is the test, the rest is learned. */
export const flat: Layout = {
  name: "good pictures",
  looksLike: "at least 3 pictures (PNG, JPEG, TIFF, BMP, WebP, GIF) in the folder itself, all good",
  read: async (dir) => {
    const files = (await pictures(dir)).map((name) => join(dir, name));
    if (files.length < 3) return null;
    const { train, heldOut } = splitNormals(files.length, TEST_SHARE, SPLIT_SEED);
    const inOrder = (part: readonly number[]): string[] =>
      part.toSorted((a, b) => a - b).map((at) => files[at]!);
    return [
      {
        name: basename(dir),
        normals: inOrder(train),
        test: inOrder(heldOut).map((file) => ({
          file,
          truth: { label: "good", source: "good" },
          mask: null,
        })),
      },
    ];
  },
};
