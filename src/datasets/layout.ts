import type { PictureRef } from "../imaging/picture-folder.ts";

/** One product of a data set: one model is taught for it. */
export interface Category {
  readonly name: string;
  /** Files of good pictures to learn from. */
  readonly normals: readonly string[];
  /** What the model is measured on; labels come from the folder (or the data set's own list), never from a mask. */
  readonly test: readonly PictureRef[];
  /** Pictures that say neither good nor bad, each with the reason. */
  readonly leftOut?: readonly string[];
}

/** A way to lay out a data set in folders. */
export interface Layout {
  readonly name: string;
  /** What a folder of this layout has: the words of an error. */
  readonly looksLike: string;
  /** What the folder of each category has, where each has a folder of its own: those without it are no categories. */
  readonly mark?: string;
  /** The categories below a folder, sorted by name; null if it is not laid out like this. */
  readonly read: (dir: string) => Promise<readonly Category[] | null>;
}
