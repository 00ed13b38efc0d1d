import { readdir, stat } from "node:fs/promises";
import { join, parse } from "node:path";
import type { Truth } from "../domain/inspection.ts";
import { InputError } from "../domain/errors.ts";

const PICTURE = /\.(png|jpe?g|tiff?|webp|gif|avif|bmp)$/i;

/** One picture of a folder and what is known about it. */
export interface PictureRef {
  readonly file: string;
  readonly truth: Truth;
  /** Ground-truth mask file of a defective picture, where there is one. */
  readonly mask: string | null;
}

/** What a folder gives a station: pictures to learn from and pictures to play as the line, each sorted by name. */
export interface Line {
  readonly normals: readonly PictureRef[];
  readonly line: readonly PictureRef[];
}

/**
 * Lists a picture folder. MVTec form: `train/good` are the normals, `test/<name>` the line (`good` is good, every other
 * name a kind of defect, masks in `ground_truth/<name>/<stem>_mask.png` or `<stem>.png`); without `test` the normals are
 * played. Flat form: all pictures are normals and line, taken as good with source `unlabelled`. `normals` can be empty if
 * an MVTec folder has only `test`. Pictures are listed by file ending, not opened.
 * @throws InputError `folder-missing`, `folder-not-a-folder`, `folder-empty`
 */
export async function listLine(path: string): Promise<Line> {
  await requireFolder(path);
  const entries = await readdir(path);
  const folders = await subfolders(path);
  const found =
    folders.includes("train") || folders.includes("test") ? await listMvtec(path) : await listFlat(path);
  if (found.normals.length > 0 || found.line.length > 0) return found;
  throw new InputError(
    "folder-empty",
    `${path} has no pictures (${describeEntries(entries.length, folders)}). Expected PNG, JPEG, TIFF, BMP, WebP or GIF files, ` +
      "or the MVTec form train/good and test/<defect>" +
      (folders.length > 0 ? "; if each product has its own subfolder, name one of them." : "."),
  );
}

/** @throws InputError `folder-missing`, `folder-not-a-folder` */
export async function requireFolder(path: string): Promise<void> {
  const found = await stat(path).catch(() => null);
  if (found === null) {
    throw new InputError(
      "folder-missing",
      `There is no folder ${path}. Check the path and the permission to read it.`,
    );
  }
  if (!found.isDirectory()) {
    throw new InputError(
      "folder-not-a-folder",
      `${path} is a file; a folder of pictures is expected. Name its folder.`,
    );
  }
}

function describeEntries(count: number, folders: readonly string[]): string {
  if (count === 0) return "it is empty";
  return folders.length > 0
    ? `it has the subfolders ${folders.slice(0, 5).join(", ")}`
    : `it has ${count} other files`;
}

async function listFlat(path: string): Promise<Line> {
  const truth: Truth = { label: "good", source: "unlabelled" };
  const normals = (await pictures(path)).map((name) => ({ file: join(path, name), truth, mask: null }));
  return { normals, line: normals };
}

async function listMvtec(path: string): Promise<Line> {
  const normals = await listLabelled(path, "train", "good");
  const kinds = await subfolders(join(path, "test"));
  const line = (await Promise.all(kinds.map((kind) => listLabelled(path, "test", kind)))).flat();
  return { normals, line: line.length > 0 ? line : normals };
}

/** The pictures of one folder of the MVTec form, e.g. `test/scratch`, each with its mask where there is one. */
export async function listLabelled(
  path: string,
  part: "train" | "test",
  kind: string,
): Promise<PictureRef[]> {
  const truth: Truth = { label: kind === "good" ? "good" : "bad", source: kind };
  const masks = kind === "good" ? [] : await pictures(join(path, "ground_truth", kind));
  return (await pictures(join(path, part, kind))).map((name) => {
    const mask = maskOf(name, masks);
    return {
      file: join(path, part, kind, name),
      truth,
      mask: mask === undefined ? null : join(path, "ground_truth", kind, mask),
    };
  });
}

function maskOf(picture: string, masks: readonly string[]): string | undefined {
  const stem = parse(picture).name;
  const withSuffix = (mask: string): boolean => {
    const name = parse(mask).name;
    return name.startsWith(stem) && name.slice(stem.length).toLowerCase() === "_mask";
  };
  return masks.find(withSuffix) ?? masks.find((mask) => parse(mask).name === stem);
}

/** Picture files of a folder by name, numbers in order; a missing folder has none. */
export async function pictures(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  return entries
    .filter((entry) => !entry.isDirectory() && PICTURE.test(entry.name) && !entry.name.startsWith("."))
    .map((entry) => entry.name)
    .sort((a, b) => a.localeCompare(b, "en", { numeric: true }));
}

/** Names of the folders in a folder and of links to folders, sorted; hidden ones do not count, a missing folder has none. */
export async function subfolders(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  const names: string[] = [];
  for (const entry of entries) {
    if (entry.name.startsWith(".")) continue; // .ipynb_checkpoints holds copies of pictures
    if (entry.isDirectory() || (entry.isSymbolicLink() && (await isFolder(join(folder, entry.name)))))
      names.push(entry.name);
  }
  return names.sort();
}

function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
}
