import type { AdpsConfig } from "../../config/method-schema.ts";
import type { Size } from "../../domain/inspection.ts";
import type { Network, Ops } from "../../graph/ops.ts";
import { zip } from "../../graph/zip.ts";
import type { Level } from "../method.ts";
import { anomalyMap } from "../shared/map-network.ts";
import { standardized } from "../shared/standardized.ts";
import { cropStudent } from "./crop-student.ts";
import { segment } from "./segment.ts";
import { weightMask } from "./weight-mask.ts";

/** The slice of the configuration that shapes the network. */
export type AdpsShape = Pick<AdpsConfig, "patches" | "blurSigmaPx">;

/**
 * What is trained. Inputs: vanilla teacher features, finest first, then the picture 3 × H × W in 0..1.
 * Outputs: cosine of teacher and student at each location (1 × h × w a level), then the anomaly logit 1 × H × W.
 */
export function adpsLessons(levels: readonly Level[], config: AdpsShape, mapSize: Size): Network {
  return (ops, inputs) => {
    const { cosines, logit } = compare(ops, inputs, levels, config);
    return [...cosines, anomalyMap(ops, [logit], { ...mapSize, blurSigmaPx: 0 })];
  };
}

/**
 * The whole method, as `TrainedMethod.network`: [anomaly map], the blurred logit. The paper takes the softmax's probability;
 * its logit ranks pixels the same and cannot saturate: in float32 all probabilities above a logit of 17 are one, and the
 * scores of bad parts would tie.
 */
export function adpsNetwork(levels: readonly Level[], config: AdpsShape, mapSize: Size): Network {
  return (ops, inputs) => {
    const { logit } = compare(ops, inputs, levels, config);
    return [anomalyMap(ops, [logit], { ...mapSize, blurSigmaPx: config.blurSigmaPx })];
  };
}

function compare<T>(ops: Ops<T>, inputs: readonly T[], levels: readonly Level[], { patches }: AdpsShape) {
  const picture = inputs[levels.length];
  if (picture === undefined) throw new RangeError("ADPS needs the picture as its last input.");
  // the paper takes the features as they are; on linear-bottleneck teachers a few wide channels would decide every cosine
  const targets = standardized(ops, levels, inputs.slice(0, levels.length));
  const predictions = cropStudent(ops, picture, levels, patches);
  const masks = zip(targets, predictions).map(([target, prediction]) => weightMask(ops, target, prediction));
  const logit = segment(
    ops,
    masks.map(({ masked }) => masked),
    ops.shape(picture).h / 2,
  );
  return { cosines: masks.map(({ cosine }) => cosine), logit };
}
