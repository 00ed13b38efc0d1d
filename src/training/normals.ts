import { createHash } from "node:crypto";
import { join } from "node:path";
import { listLine } from "../imaging/picture-folder.ts";
import { cleanNormals, Sieve } from "./clean.ts";
import type { Progress } from "./progress.ts";
import type { Product } from "./products.ts";
import { productsOf, type NormalsSource, type TrainingJob } from "./protocol.ts";
import { RecordFile } from "./record-file.ts";

/** The good pictures of a job, cleaned and decoded to RGB8 at picture size; on disk, since there may be thousands. */
export interface Normals {
  readonly count: number;
  /** Which of them show which product, in the order of the job. */
  readonly products: readonly Product[];
  /** Of all pixels, in order, and of which product they show: the same hash means the same data set. */
  readonly hash: string;
  /** What was found and left out, in one sentence. */
  readonly words: string;
  /** RGB8 of one good picture each. */
  readonly pictures: RecordFile;
}

/** In the job folder; made anew by every job. */
export const PICTURES_FILE = "pictures.rgb";

/**
 * Reads the folder of each product of the job (flat, or MVTec form: then its train/good) and cleans it by itself.
 * @returns whose `pictures` the caller closes
 * @throws InputError if there is no such folder; TrainingError `too-few-normals`
 */
export async function openNormals(
  job: TrainingJob,
  progress: Progress,
  signal: AbortSignal,
): Promise<Normals> {
  const folders = await Promise.all(productsOf(job).map(listProduct));
  const total = folders.reduce((sum, { files }) => sum + files.length, 0);
  const hash = createHash("sha256");
  const cleaned: { product: Product; words: string }[] = [];
  const recordBytes = 3 * job.pictureSize.width * job.pictureSize.height;
  const pictures = await RecordFile.make(join(job.jobDir, PICTURES_FILE), recordBytes, async function* () {
    let first = 0;
    let before = 0;
    for (const { recipe, files } of folders) {
      const sieve = new Sieve(job.pictureSize);
      const onProgress = (done: number): void => {
        const message = `looking at good part ${before + done}/${total}`;
        progress.stage("clean", { done: (before + done) / total, message });
      };
      const { minImages } = job.training;
      const product = folders.length > 1 ? recipe : undefined;
      for await (const { data } of cleanNormals(files, sieve, { minImages, product, signal, onProgress })) {
        hash.update(data);
        yield data;
      }
      const { kept: count, words } = sieve.report();
      cleaned.push({ product: { recipe, first, count }, words });
      first += count;
      before += files.length;
    }
  });
  const products = cleaned.map(({ product }) => product);
  if (products.length > 1) hash.update(JSON.stringify(products));
  return { count: pictures.count, products, hash: hash.digest("hex"), words: inWords(cleaned), pictures };
}

async function listProduct({ recipe, normalsDir }: NormalsSource) {
  const { normals } = await listLine(normalsDir);
  return { recipe, files: normals.map(({ file }) => file) };
}

function inWords(cleaned: readonly { readonly product: Product; readonly words: string }[]): string {
  if (cleaned.length === 1) return cleaned.map(({ words }) => words).join();
  return cleaned.map(({ product, words }) => `${product.recipe}: ${words}`).join(" ");
}
