import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import type { Size } from "../../domain/inspection.ts";
import { InputError } from "../../domain/errors.ts";
import { readPicture } from "../../imaging/read-picture.ts";
import { between, wholeBetween, type Random } from "./chance.ts";
import { pictureSampler, type TextureSource } from "./texture-source.ts";

/** Textures kept in memory, 0.2 MB each at 256². */
const MAX_TEXTURES = 200;
const PICTURE = /\.(png|jpe?g|tiff?|webp|gif)$/i;

/**
 * Textures of a folder and its subfolders (DTD: images/<class>/*.jpg), as RGB at `size`; of more than 200 a random choice.
 * Each use turns, shifts and recolours one.
 * @throws InputError `textures-missing` if the folder has no pictures; those of `readPicture`
 */
export async function loadFolderTextures(folder: string, size: Size, random: Random): Promise<TextureSource> {
  const files = await picturesIn(folder).catch((error: unknown) => {
    throw noTextures(folder, error);
  });
  if (files.length === 0) throw noTextures(folder, null);
  const pictures: Uint8Array[] = [];
  for (const file of draw(files, MAX_TEXTURES, random))
    pictures.push(await readPicture(join(folder, file), size));
  return {
    next: (_size, choice) =>
      recoloured(pictures[wholeBetween(choice, 0, pictures.length - 1)]!, size, choice),
  };
}

/**
 * Name, bytes and time of change of each texture of a folder: another answer means other textures. Empty if there is none, or
 * no folder.
 */
export async function textureFacts(folder: string): Promise<readonly string[]> {
  const files = await picturesIn(folder).catch(() => []);
  return Promise.all(
    files.map(async (file) => {
      const { size, mtimeMs } = await stat(join(folder, file));
      return `${file} ${size} ${mtimeMs}`;
    }),
  );
}

/** Relative to the folder, in order. */
async function picturesIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true });
  return entries.filter((entry) => PICTURE.test(entry)).sort();
}

function noTextures(folder: string, cause: unknown): InputError {
  return new InputError(
    "textures-missing",
    `training.texturesDir ${folder} has no pictures. Name a folder of texture pictures such as DTD's "images", ` +
      "or set it to null to use procedural textures.",
    { cause },
  );
}

/** A random choice without repetition, in random order (Fisher-Yates). */
function draw<T>(items: readonly T[], count: number, random: Random): T[] {
  const left = [...items];
  for (let i = left.length - 1; i > 0; i--) {
    const other = wholeBetween(random, 0, i);
    [left[i], left[other]] = [left[other] as T, left[i] as T];
  }
  return left.slice(0, count);
}

function recoloured(picture: Uint8Array, size: Size, random: Random) {
  const read = pictureSampler(picture, size);
  const angle = between(random, 0, 2 * Math.PI);
  const zoom = between(random, 0.7, 1.4);
  const cos = Math.cos(angle) / zoom;
  const sin = Math.sin(angle) / zoom;
  const shiftX = random() * size.width;
  const shiftY = random() * size.height;
  const contrast = between(random, 0.6, 1.4) * (random() < 0.2 ? -1 : 1);
  const brightness = between(random, -40, 40);
  return (x: number, y: number, out: Float32Array): void => {
    read(x * cos - y * sin + shiftX, x * sin + y * cos + shiftY, out);
    for (let c = 0; c < 3; c++) out[c] = (out[c]! - 127.5) * contrast + 127.5 + brightness;
  };
}
