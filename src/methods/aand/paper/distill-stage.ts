import type { AandConfig } from "../../../config/method-schema.ts";
import type { Size } from "../../../domain/inspection.ts";
import type { Weights } from "../../../graph/ops.ts";
import type { Level } from "../../method.ts";
import { cosineDistillLoss } from "../../shared/losses.ts";
import { createStudentStage, type StudentStage } from "../../shared/student-stage.ts";
import { aandNetwork, advancedTeacher, distillNetwork } from "./aand-network.ts";

export interface DistillStageOptions {
  /** The levels that the method uses, finest first. */
  readonly levels: readonly Level[];
  readonly config: AandConfig;
  readonly seed: number;
  /** Trained `raa.*` weights (`AmplifyStage.trainedWeights`, `withTrust`); null: the vanilla teacher is distilled. */
  readonly amplify: Weights | null;
  /** `standardize.*` (`standardizationWeights`) of the vanilla features of normal parts. */
  readonly standardization: Weights;
  /** Size of the anomaly map: that of the model's input picture. */
  readonly mapSize: Size;
}

/**
 * Stage 2 (distill): the student learns the amplified teacher. Teacher and amplifier are frozen.
 * @throws ModelError `missing-weight` if standardisation or amplifier weights of a level are not given.
 */
export function createDistillStage(options: DistillStageOptions): StudentStage {
  const { levels, seed, amplify, standardization, mapSize } = options;
  const enabled = options.config.amplify.enabled && amplify !== null;
  const config = { ...options.config, amplify: { ...options.config.amplify, enabled } };
  const hard = { count: config.distill.hardLocations, weight: config.distill.hardWeight };
  return createStudentStage({
    levels,
    seed,
    teacher: advancedTeacher(levels, config),
    distill: distillNetwork(levels, config),
    network: aandNetwork(levels, config, mapSize),
    loss: (targets, predictions) => cosineDistillLoss(targets, predictions, hard),
    frozen: new Map([...standardization, ...(amplify ?? [])]),
  });
}
