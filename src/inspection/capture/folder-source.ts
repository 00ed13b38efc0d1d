import { InputError } from "../../domain/errors.ts";
import type { Size, Truth } from "../../domain/inspection.ts";
import type { LineContent, PictureSource } from "./picture-player.ts";

export interface FolderPicture {
  readonly file: string;
  readonly truth: Truth;
}

export interface FolderOptions {
  readonly path: string;
  readonly size: Size;
  readonly repeat: boolean;
  readonly seed: number;
  /** Lists the folder (imaging/picture-folder.ts). */
  readonly list: (
    path: string,
  ) => Promise<{ normals: readonly FolderPicture[]; line: readonly FolderPicture[] }>;
  /** Reads one picture as RGB8 of `size` (imaging/read-picture.ts). */
  readonly read: (file: string, size: Size) => Promise<Uint8Array>;
}

/**
 * Plays a picture folder: `normal` its normals, `mixed` its line, each once in an order shuffled by the seed, then again
 * in another order if `repeat`.
 * @throws InputError from `list`, and `folder-no-normals` or `folder-no-line` from `at` if there is nothing to play
 */
export async function folderSource(options: FolderOptions): Promise<PictureSource> {
  const { normals, line } = await options.list(options.path);
  const pictures: Record<LineContent, readonly FolderPicture[]> = { normal: normals, mixed: line };
  return {
    at: async ({ position }, content) => {
      const list = pictures[content];
      if (list.length === 0) throw nothingToPlay(options.path, content);
      const round = Math.floor(position / list.length);
      if (round > 0 && !options.repeat) return null;
      const picture = list[shuffled(list.length, options.seed + round)[position % list.length] ?? 0];
      if (picture === undefined) return null;
      return { data: await options.read(picture.file, options.size), truth: picture.truth };
    },
  };
}

function nothingToPlay(path: string, content: LineContent): InputError {
  return content === "normal"
    ? new InputError("folder-no-normals", `${path} has no pictures of good parts; put them into train/good.`)
    : new InputError(
        "folder-no-line",
        `${path} has no pictures to play; put them into test/good and test/<defect>.`,
      );
}

/** 0..count-1 in an order that the seed decides (Fisher-Yates, mulberry32). */
function shuffled(count: number, seed: number): Uint32Array {
  const order = Uint32Array.from({ length: count }, (_, i) => i);
  let state = seed >>> 0;
  const random = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
  for (let i = count - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    const swap = order[i] ?? 0;
    order[i] = order[j] ?? 0;
    order[j] = swap;
  }
  return order;
}
