import type { Category } from "../../datasets/layout.ts";
import { InputError } from "../../domain/errors.ts";
import type { Size } from "../../domain/inspection.ts";
import { readMask } from "../../imaging/mask.ts";
import { readPicture } from "../../imaging/read-picture.ts";

/**
 * Says what is wrong with a data set before the hours of training, not after them: too few good parts to learn from (those
 * that cannot be read the training passes over), a test picture or a mask that cannot be read.
 * @throws InputError `too-few-normals`, or as `readPicture`; the signal's reason
 */
export async function checkPictures(
  categories: readonly Category[],
  {
    minImages,
    size,
    signal,
    onProgress,
  }: {
    /** training.minImages */
    readonly minImages: number;
    readonly size: Size;
    readonly signal: AbortSignal;
    readonly onProgress: (done: number, total: number) => void;
  },
): Promise<void> {
  for (const { name, normals } of categories) {
    if (normals.length >= minImages) continue;
    throw new InputError(
      "too-few-normals",
      `${name}: pictures of good parts to learn from: ${normals.length}; at least ${minImages} are needed (training.minImages). ` +
        "Complete the data set, or name the other categories with --categories.",
    );
  }
  const test = categories.flatMap((category) => category.test);
  for (const [at, { file, mask }] of test.entries()) {
    signal.throwIfAborted();
    await readPicture(file, size);
    if (mask !== null) await readMask(mask, size);
    onProgress(at + 1, test.length);
  }
}
