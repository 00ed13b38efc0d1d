import type { RdConfig } from "../../config/method-schema.ts";
import type { Method } from "../method.ts";
import { flattenedCosineLoss } from "../shared/losses.ts";
import { createStudentStage } from "../shared/student-stage.ts";
import { StudentTraining, type StudentPlan } from "../shared/student-training.ts";
import { rdDistillNetwork, rdNetwork } from "./rd-network.ts";

/**
 * Reverse Distillation (Deng & Li, CVPR 2022), the papers' baseline: a student learns the vanilla teacher's features of
 * normals through a one-class bottleneck; flattened cosine per level, as the published code has it, nothing else.
 */
export function rd(config: RdConfig): Method {
  return {
    name: config.name,
    levels: config.levels,
    looksAtPictures: false,
    amplify: null,
    distill: config.distill,
    begin: (context) => new StudentTraining(planOf(config), context),
  };
}

function planOf(config: RdConfig): StudentPlan {
  return {
    standardizes: config.student !== "reverse", // RD's own student takes features as they are
    beginStage: ({ levels, seed, mapSize }, frozen) =>
      createStudentStage({
        levels,
        seed,
        teacher: (_ops, features) => features,
        distill: rdDistillNetwork(levels, config),
        network: rdNetwork(levels, config, mapSize),
        loss: flattenedCosineLoss,
        frozen,
      }),
  };
}
