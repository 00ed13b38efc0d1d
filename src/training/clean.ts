import { createHash } from "node:crypto";
import type { Size } from "../domain/inspection.ts";
import { InputError, TrainingError } from "../domain/errors.ts";
import { readPicture } from "../imaging/read-picture.ts";

/** One normal picture, decoded to RGB8 at model size. */
export interface NormalPicture {
  readonly file: string;
  readonly data: Uint8Array;
}

/** What was found among the normals. */
export interface CleaningReport {
  readonly found: number;
  readonly kept: number;
  /** Files whose pixels equal those of an earlier one: dropped. */
  readonly duplicates: readonly string[];
  /** Black, white or flat pictures: dropped. */
  readonly empty: readonly string[];
  /** What could not be read: dropped; the message names file and remedy. */
  readonly unreadable: readonly string[];
  /** Kept, though an earlier picture is almost the same. */
  readonly nearDuplicates: number;
  /** All of this in one sentence. */
  readonly words: string;
}

export interface CleaningOptions {
  /** training.minImages */
  readonly minImages: number;
  /** Which product they show, where a job has several: the error then names it. */
  readonly product?: string | undefined;
  readonly signal: AbortSignal;
  /** Called after each picture. */
  readonly onProgress?: (done: number, total: number) => void;
}

/** Less deviation than this (grey levels) is a picture of nothing: lens cap, light off, sensor at its end. */
const FLAT_DEVIATION = 2;
/** Thumbnails closer than this on average (grey levels) are the same scene. Sensor noise averages out below it. */
const NEAR_DIFFERENCE = 0.6;
const THUMBNAIL = 16;

/**
 * Reads the normal pictures one after the other and gives those that would not spoil the model: no unreadable, flat or
 * repeated ones. What was left out is in `sieve.report()` afterwards.
 * @throws TrainingError `too-few-normals`   @throws the signal's reason
 */
export async function* cleanNormals(
  files: readonly string[],
  sieve: Sieve,
  options: CleaningOptions,
): AsyncGenerator<NormalPicture> {
  for (const [i, file] of files.entries()) {
    options.signal.throwIfAborted();
    const data = await readPicture(file, sieve.size).catch((error: unknown) => {
      if (!(error instanceof InputError)) throw error;
      sieve.unreadable(error.message);
    });
    if (data && sieve.keeps({ file, data })) yield { file, data };
    options.onProgress?.(i + 1, files.length);
  }
  requireEnough(sieve, options);
}

/** Sorts out flat pictures and exact repetitions and counts near ones, without keeping any picture. */
export class Sieve {
  readonly size: Size;
  readonly #seen = new Set<string>();
  readonly #thumbnails: Float32Array[] = [];
  readonly #duplicates: string[] = [];
  readonly #empty: string[] = [];
  readonly #unreadable: string[] = [];

  constructor(size: Size) {
    this.size = size;
  }

  /** Whether the next picture is fit for training. */
  keeps({ file, data }: NormalPicture): boolean {
    const digest = createHash("sha256").update(data).digest("base64");
    const seen = this.#seen.has(digest);
    this.#seen.add(digest);
    if (isFlat(data)) this.#empty.push(file);
    else if (seen) this.#duplicates.push(file);
    else {
      this.#thumbnails.push(thumbnailOf(data, this.size));
      return true;
    }
    return false;
  }

  unreadable(message: string): void {
    this.#unreadable.push(message);
  }

  /** Pictures so far that are fit for training. */
  get kept(): number {
    return this.#thumbnails.length;
  }

  /** Compares all that were kept: ask once. */
  report(): CleaningReport {
    const [duplicates, empty, unreadable] = [this.#duplicates, this.#empty, this.#unreadable];
    const { kept } = this;
    const found = kept + duplicates.length + empty.length + unreadable.length;
    const nearDuplicates = countNearDuplicates(this.#thumbnails);
    const counted = { found, kept, duplicates, empty, unreadable, nearDuplicates };
    return { ...counted, words: inWords(counted) };
  }
}

function requireEnough(
  sieve: Sieve,
  { minImages, product }: Pick<CleaningOptions, "minImages" | "product">,
): void {
  if (sieve.kept >= minImages) return;
  const report = sieve.report();
  const first = report.unreadable[0];
  throw new TrainingError(
    "too-few-normals",
    `${product === undefined ? "" : `${product}: `}${report.kept} usable normal pictures, at least ${minImages} are needed (training.minImages). ${report.words} ` +
      `Collect ${minImages - report.kept} more pictures of good parts.${first === undefined ? "" : ` First unreadable: ${first}`}`,
  );
}

function inWords(report: Omit<CleaningReport, "words">): string {
  const parts = [
    `${report.found} pictures found, ${report.kept} kept`,
    report.unreadable.length > 0 ? `${report.unreadable.length} unreadable` : "",
    report.empty.length > 0 ? `${report.empty.length} black, white or flat` : "",
    report.duplicates.length > 0 ? `${report.duplicates.length} exact repetitions left out` : "",
    report.nearDuplicates > 0
      ? `${report.nearDuplicates} nearly equal to another one (kept, but they tell the threshold little)`
      : "",
  ];
  return `${parts.filter((part) => part !== "").join("; ")}.`;
}

/** True if brightness hardly varies over the picture (every 7th pixel is looked at). */
function isFlat(data: Uint8Array): boolean {
  let sum = 0;
  let squares = 0;
  let count = 0;
  for (let at = 0; at + 2 < data.length; at += 21) {
    const grey = (data[at]! + data[at + 1]! + data[at + 2]!) / 3;
    sum += grey;
    squares += grey * grey;
    count++;
  }
  return squares / count - (sum / count) ** 2 < FLAT_DEVIATION ** 2;
}

/** Mean brightness of 16 × 16 fields. */
function thumbnailOf(data: Uint8Array, { width, height }: Size): Float32Array {
  const sums = new Float32Array(THUMBNAIL * THUMBNAIL);
  const counts = new Float32Array(THUMBNAIL * THUMBNAIL);
  for (let y = 0; y < height; y++) {
    const row = Math.floor((y * THUMBNAIL) / height) * THUMBNAIL;
    for (let x = 0; x < width; x++) {
      const field = row + Math.floor((x * THUMBNAIL) / width);
      const at = (y * width + x) * 3;
      const grey = (data[at]! + data[at + 1]! + data[at + 2]!) / 3;
      sums[field] = sums[field]! + grey;
      counts[field] = counts[field]! + 1;
    }
  }
  return sums.map((sum, i) => sum / Math.max(1, counts[i]!));
}

/** How many have a near twin before them in order of brightness; only thumbnails of nearly equal mean can be twins. */
function countNearDuplicates(thumbnails: readonly Float32Array[]): number {
  const sorted = thumbnails
    .map((thumbnail) => ({ thumbnail, mean: thumbnail.reduce((a, b) => a + b, 0) / thumbnail.length }))
    .sort((a, b) => a.mean - b.mean);
  return sorted.filter(({ thumbnail, mean }, i) => {
    for (let j = i - 1; j >= 0; j--) {
      const other = sorted[j];
      if (other === undefined || mean - other.mean > NEAR_DIFFERENCE) return false;
      if (meanDifference(thumbnail, other.thumbnail) < NEAR_DIFFERENCE) return true;
    }
    return false;
  }).length;
}

function meanDifference(a: Float32Array, b: Float32Array): number {
  return a.reduce((sum, value, i) => sum + Math.abs(value - b[i]!), 0) / a.length;
}
