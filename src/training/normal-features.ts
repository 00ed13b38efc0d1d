import { join } from "node:path";
import type { FeatureBatches, Tell } from "../methods/method.ts";
import { FeatureFile } from "./feature-file.ts";
import type { Material } from "./work.ts";

/** Teacher features of all samples. */
export async function normalFeatures({
  job,
  key,
  progress,
  signal,
  samples,
  session,
}: Omit<Material, "features">): Promise<FeatureFile> {
  const path = join(job.jobDir, `normals-${key}.f16`);
  return FeatureFile.openOrMake(path, session.shapes, samples.count, async function* () {
    for (let index = 0; index < samples.count; index += 1) {
      signal.throwIfAborted();
      yield await session.features(await samples.read(index));
      progress.stage("features", {
        done: (index + 1) / samples.count,
        message: `teacher features of good part ${index + 1}/${samples.count}`,
      });
    }
  });
}

/** Numbers of features in a batch: 6 pictures of EfficientNet-Lite0 at 256², one at 640². */
const BATCH_NUMBERS = 2 ** 20;

/** The records of `indices`, a few at a time, each told; can be gone through again. */
export function batchesOf(features: FeatureFile, indices: readonly number[], tell?: Tell): FeatureBatches {
  const numbers = features.shapes.reduce((sum, { c, h, w }) => sum + c * h * w, 0);
  const batch = Math.max(1, Math.floor(BATCH_NUMBERS / numbers));
  return {
    async *[Symbol.asyncIterator]() {
      for (let start = 0; start < indices.length; start += batch) {
        await tell?.(`looking at the features of part ${start + 1}/${indices.length}`);
        yield await features.read(indices.slice(start, start + batch));
      }
    },
  };
}
