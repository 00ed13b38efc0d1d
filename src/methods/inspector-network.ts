import type { Network, Weight, Weights } from "../graph/ops.ts";
import { prefixed, prefixedWeights } from "../graph/prefixed.ts";
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
}

/**
 * What a bundle runs, as one text: picture → teacher → method → calibration.
 * Inputs: [picture 3 × H × W in 0..1]. Outputs: [score 1 × 1 × 1 (highest value of the map), map 1 × H × W], both in
 * standard deviations of the normal parts' scores. Weights: `teacher.*`, the method's own, `calibration.*`.
 */
export function inspectorNetwork({ teacher, levels, method, looksAtPictures }: InspectorParts): Network {
  return (ops, inputs) => {
    const features = teacher(prefixed(ops, TEACHER), inputs);
    const used = features.filter((_, at) => levels.some(({ level }) => level === at + 1));
    const [raw] = method(ops, looksAtPictures ? [...used, ...inputs] : used);
    if (raw === undefined) throw new RangeError("A method must give one output: the anomaly map.");
    const map = ops.mulConstant(ops.addConstant(raw, "calibration.offset", [1]), "calibration.scale");
    return [ops.maxAll(map), map];
  };
}

/** Mean and standard deviation that the map is measured in; 0 and 1 leave it as the method gives it. */
export interface Calibration {
  readonly mean: number;
  readonly std: number;
}

/**
 * All weights of `inspectorNetwork`.
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
