import { stat } from "node:fs/promises";
import type { Category } from "../../datasets/layout.ts";
import { keyOf } from "../../training/checkpoint.ts";

/** Changes with every picture or mask of a category that is added, taken away or written anew (by size and time, not read). */
export async function picturesHash({ normals, test }: Category): Promise<string> {
  const files = [...normals, ...test.flatMap(({ file, mask }) => (mask === null ? [file] : [file, mask]))];
  const states: unknown[] = [];
  for (const file of files) {
    const found = await stat(file).catch(() => null);
    states.push([file, found?.size, found?.mtimeMs]);
  }
  return keyOf(states);
}
