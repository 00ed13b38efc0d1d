import type { Size } from "../domain/inspection.ts";
import { InferenceError } from "../domain/errors.ts";
import { readMask } from "../imaging/mask.ts";
import type { PictureRef } from "../imaging/picture-folder.ts";
import { readPicture } from "../imaging/read-picture.ts";
import type { ScoredMap } from "./aupro.ts";

/** Scores one picture: RGB8 of the model's input size. */
export type ScorePicture = (
  rgb: Uint8Array,
) => Promise<{ readonly score: number; readonly map: Float32Array; readonly mapSize: Size }>;

export interface JudgeOptions {
  /** Test pictures; good ones and, for most metrics, bad ones. */
  readonly line: readonly PictureRef[];
  /** Input size of the model. */
  readonly size: Size;
  readonly score: ScorePicture;
  /** Monotonic milliseconds. */
  readonly now: () => number;
  readonly signal: AbortSignal;
  readonly onProgress: (done: number, total: number) => void;
}

/** A test picture and what the model made of it. */
export interface Judged {
  readonly ref: PictureRef;
  readonly score: number;
  readonly inferMs: number;
  readonly decodeMs: number;
  /** Null for a bad picture without a mask. */
  readonly map: ScoredMap | null;
}

/**
 * Scores all pictures of a line one after another. A bad picture stays bad by its folder even if scaling loses its mask.
 * @throws InputError for a picture or mask that cannot be read; InferenceError; the signal's reason
 */
export async function judgeLine(options: JudgeOptions): Promise<Judged[]> {
  const judged: Judged[] = [];
  for (const ref of options.line) {
    options.signal.throwIfAborted();
    judged.push(await judge(ref, options));
    options.onProgress(judged.length, options.line.length);
  }
  return judged;
}

async function judge(ref: PictureRef, { size, score, now }: JudgeOptions): Promise<Judged> {
  const openedAt = now();
  const rgb = await readPicture(ref.file, size);
  const decodedAt = now();
  const scored = await score(rgb);
  const inferMs = now() - decodedAt;
  if (!Number.isFinite(scored.score)) {
    throw new InferenceError(
      "not-finite",
      `${ref.file} got the score ${scored.score}; a finite number is expected. The model is broken: teach it again.`,
    );
  }
  return {
    ref,
    score: scored.score,
    inferMs,
    decodeMs: decodedAt - openedAt,
    map: await withTruth(ref, scored.map, scored.mapSize),
  };
}

async function withTruth(ref: PictureRef, map: Float32Array, size: Size): Promise<ScoredMap | null> {
  if (ref.truth.label === "good") return { scores: map, labels: new Uint8Array(map.length), size };
  if (ref.mask === null) return null;
  return { scores: map, labels: (await readMask(ref.mask, size)).pixels, size };
}
