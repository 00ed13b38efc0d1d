import type { Network, Ops, Weight, Weights } from "../graph/ops.ts";
import { prefixed, prefixedWeights } from "../graph/prefixed.ts";
import { preprocessNetwork } from "../preprocess/preprocess-network.ts";
import { JUDGED_INSIDE, JUDGED_OUTSIDE, PLAIN_VIEW, type View } from "../preprocess/view.ts";
import type { Level, TrainedMethod } from "./method.ts";

const TEACHER = "teacher.";

export interface InspectorParts {
  /** [3, H, W] in 0..1 → features of all teacher levels, finest first, the first being level 1 (`teacherNetwork`). */
  readonly teacher: Network;
  /** The levels that the method uses, finest first. */
  readonly levels: readonly Level[];
  readonly method: TrainedMethod["network"];
  /** The method sees the picture too, after the features (`Method.looksAtPictures`). */
  readonly looksAtPictures: boolean;
  /** What is done to the picture before the teacher, and where the map counts; default: nothing, and everywhere. */
  readonly view?: View;
}

/**
 * What a bundle runs, as one text: picture → preprocessing → teacher → method → calibration → judged places.
 * Inputs: [picture 3 × H × W in 0..1]. Outputs: [score 1 × 1 × 1 (highest value of the map), map 1 × H × W], both in
 * standard deviations of the normal parts' scores. Weights: `teacher.*`, the method's own, `calibration.*`, and those of
 * `viewWeights`.
 */
export function inspectorNetwork(parts: InspectorParts): Network {
  const { teacher, levels, method, looksAtPictures, view = PLAIN_VIEW } = parts;
  return (ops, inputs) => {
    const shown = preprocessNetwork(view.preprocess)(ops, inputs);
    const features = teacher(prefixed(ops, TEACHER), shown);
    const used = features.filter((_, at) => levels.some(({ level }) => level === at + 1));
    const [raw] = method(ops, looksAtPictures ? [...used, ...shown] : used);
    if (raw === undefined) throw new RangeError("A method must give one output: the anomaly map.");
    const whole = ops.mulConstant(ops.addConstant(raw, "calibration.offset", [1]), "calibration.scale");
    const map = view.judged === null ? whole : judgedOnly(ops, whole);
    return [ops.maxAll(map), map];
  };
}

/** The map with UNJUDGED at all other places, so that they are never its highest. */
function judgedOnly<T>(ops: Ops<T>, map: T): T {
  const { h, w } = ops.shape(map);
  return ops.addConstant(ops.mulConstant(map, JUDGED_INSIDE, [1, h, w]), JUDGED_OUTSIDE, [1, h, w]);
}

/** Mean and standard deviation that the map is measured in; 0 and 1 leave it as the method gives it. */
export interface Calibration {
  readonly mean: number;
  readonly std: number;
}

/**
 * All weights of `inspectorNetwork`, but for those of the view.
 * @param teacher weights of the teacher text, without prefix   @param method those of the method
 */
export function inspectorWeights(teacher: Weights, method: Weights, { mean, std }: Calibration): Weights {
  const scalar = (value: number): Weight => ({ shape: [1], data: Float32Array.of(value) });
  return new Map([
    ...prefixedWeights(teacher, TEACHER),
    ...method,
    ["calibration.offset", scalar(-mean)],
    ["calibration.scale", scalar(1 / std)],
  ]);
}
