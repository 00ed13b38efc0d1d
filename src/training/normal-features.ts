import { join } from "node:path";
import type { FeatureBatches } from "../methods/method.ts";
import { FeatureFile } from "./feature-file.ts";
import type { Material } from "./work.ts";

/** Teacher features of all normals. */
export async function normalFeatures({
  job,
  key,
  progress,
  signal,
  normals,
  session,
}: Omit<Material, "features">): Promise<FeatureFile> {
  const path = join(job.jobDir, `normals-${key}.f16`);
  return FeatureFile.openOrMake(path, session.shapes, normals.count, async function* () {
    for (let index = 0; index < normals.count; index += 1) {
      signal.throwIfAborted();
      yield await session.features(await normals.pictures.read(index));
      progress.stage("features", {
        done: (index + 1) / normals.count,
        message: `teacher features of good part ${index + 1}/${normals.count}`,
      });
    }
  });
}

const BATCH = 8;

/** The records of `indices`, a few at a time. */
export async function* batchesOf(features: FeatureFile, indices: readonly number[]): FeatureBatches {
  for (let start = 0; start < indices.length; start += BATCH)
    yield await features.read(indices.slice(start, start + BATCH));
}
