import { join } from "node:path";
import type { FeatureBatches } from "../methods/method.ts";
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

const BATCH = 8;

/** The records of `indices`, a few at a time; can be gone through again. */
export function batchesOf(features: FeatureFile, indices: readonly number[]): FeatureBatches {
  return {
    async *[Symbol.asyncIterator]() {
      for (let start = 0; start < indices.length; start += BATCH)
        yield await features.read(indices.slice(start, start + BATCH));
    },
  };
}
