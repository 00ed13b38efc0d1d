import type { Size } from "../domain/inspection.ts";
import type { Network } from "../graph/ops.ts";
import { zip } from "../graph/zip.ts";
import { amplifyLevel, type AmplifyOptions } from "../methods/aand/paper/amplify-network.ts";
import type { Level } from "../methods/method.ts";
import { mapNetwork } from "../methods/shared/map-network.ts";
import { rdStudent, type StudentPlan } from "./rd-network.ts";

const BLUR_SIGMA_PX = 4; // gaussian_filter(anomaly_map, sigma=4) in test.py of RD4AD and AAND

/** RD as published: cosine distances of vanilla features and predictions. Features f1..f3 → [anomaly map of `mapSize`]. */
export function publishedRd(plan: StudentPlan, mapSize: Size): Network {
  const student = rdStudent(plan);
  const map = mapNetwork({ distance: "cosine", blurSigmaPx: BLUR_SIGMA_PX, ...mapSize });
  return (ops, features) => map(ops, [...features, ...student(ops, features)]);
}

/** What is the same in every published AAND checkpoint (recons_net.py): hidden width min(2C, 1024), temperature 0.2. */
export const PUBLISHED_AMPLIFY = { hidden: 2, temperature: 0.2 } as const satisfies Partial<AmplifyOptions>;

/**
 * AAND as published: RD's student on amplified features (resnet_rar.py). Features f1..f3 → [anomaly map of `mapSize`].
 * Weights: `bn.*`, `decoder.*`, `raa.<level>.*`.
 * @param memory N normal and N anomalous keys (`num_item`)
 */
export function publishedAand(
  plan: StudentPlan,
  levels: readonly Level[],
  memory: number,
  mapSize: Size,
): Network {
  const rd = publishedRd(plan, mapSize);
  return (ops, features) =>
    rd(
      ops,
      zip(levels, features).map(
        ([{ level }, feature]) =>
          amplifyLevel(ops, feature, level, { ...PUBLISHED_AMPLIFY, memory }).amplified,
      ),
    );
}
