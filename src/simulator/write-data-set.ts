import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { writePng } from "../imaging/write-picture.ts";
import type { Product } from "./family.ts";
import { renderSample } from "./product.ts";

export interface DataSetPlan {
  readonly product: Product;
  /** Folder to write to; files of the same name are replaced. */
  readonly folder: string;
  /** Good pictures to learn from, good ones to test, and defective ones, shared evenly by the kinds of defect. */
  readonly train: number;
  readonly good: number;
  readonly bad: number;
  /** Side of the square pictures, pixels. */
  readonly size: number;
  readonly seed: number;
}

export interface WrittenDataSet {
  readonly train: number;
  readonly good: number;
  /** Pictures of each kind of defect. */
  readonly bad: Readonly<Record<string, number>>;
}

/**
 * Writes a rendered product in MVTec form: train/good, test/good, test/<kind> and ground_truth/<kind>/<stem>_mask.png. All
 * pictures show different parts; the same plan writes the same bytes.
 * @param onProgress after each picture
 * @throws file-system errors as they are (ENOSPC …)
 */
export async function writeDataSet(
  plan: DataSetPlan,
  signal: AbortSignal,
  onProgress: (done: number, total: number) => void = () => undefined,
): Promise<WrittenDataSet> {
  const { product, train, good, bad } = plan;
  let done = 0;
  const wrote = (): void => {
    onProgress(++done, train + good + bad);
    signal.throwIfAborted();
  };
  signal.throwIfAborted();
  await writeGood(plan, join("train", "good"), { first: 0, count: train }, wrote);
  await writeGood(plan, join("test", "good"), { first: train, count: good }, wrote);
  const written: Record<string, number> = {};
  let first = train + good;
  for (const [i, defect] of product.defects.entries()) {
    const count = Math.floor(bad / product.defects.length) + (i < bad % product.defects.length ? 1 : 0);
    await writeDefective(plan, defect, { first, count }, wrote);
    written[defect] = count;
    first += count;
  }
  return { train, good, bad: written };
}

/** Numbers of the parts on the line. */
interface Parts {
  readonly first: number;
  readonly count: number;
}

/** @param wrote called after each picture; may throw to stop */
async function writeGood(plan: DataSetPlan, path: string, parts: Parts, wrote: () => void): Promise<void> {
  const folder = join(plan.folder, path);
  await mkdir(folder, { recursive: true });
  for (let i = 0; i < parts.count; i++) {
    const { data, size } = render(plan, parts.first + i, null);
    await writePng(join(folder, `${stem(i)}.png`), data, size);
    wrote();
  }
}

async function writeDefective(
  plan: DataSetPlan,
  defect: string,
  parts: Parts,
  wrote: () => void,
): Promise<void> {
  const pictures = join(plan.folder, "test", defect);
  const masks = join(plan.folder, "ground_truth", defect);
  await mkdir(pictures, { recursive: true });
  await mkdir(masks, { recursive: true });
  for (let i = 0; i < parts.count; i++) {
    const { data, mask, size } = render(plan, parts.first + i, defect);
    await writePng(join(pictures, `${stem(i)}.png`), data, size);
    await writePng(join(masks, `${stem(i)}_mask.png`), greyPicture(mask), size);
    wrote();
  }
}

function render({ product, size: side, seed }: DataSetPlan, index: number, defect: string | null) {
  const size = { width: side, height: side };
  return { ...renderSample(product, { index, seed, size }, defect), size };
}

/** 0/1 → black and white RGB8. */
function greyPicture(mask: Uint8Array): Uint8Array {
  return Uint8Array.from({ length: mask.length * 3 }, (_, i) => 255 * mask[Math.floor(i / 3)]!);
}

function stem(i: number): string {
  return String(i).padStart(3, "0");
}
