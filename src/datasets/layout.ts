import type { PictureRef } from "../imaging/picture-folder.ts";

/** One product of a data set: one model is taught for it. */
export interface Category {
  readonly name: string;
  /** Files of good pictures to learn from. */
  readonly normals: readonly string[];
  /** What the model is measured on; labels come from the folder (or the data set's own list), never from a mask. */
  readonly test: readonly PictureRef[];
}

/** A way to lay out a data set in folders. */
export interface Layout {
  readonly name: string;
  /** What a folder of this layout has: the words of an error. */
  readonly looksLike: string;
  /** The categories below a folder, sorted by name; null if it is not laid out like this. */
  readonly read: (dir: string) => Promise<readonly Category[] | null>;
}
