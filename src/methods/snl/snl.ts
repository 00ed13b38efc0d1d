import type { SnlConfig } from "../../config/method-schema.ts";
import { tf } from "../../graph/tf.ts";
import type { Method } from "../method.ts";
import { flattenedCosineLoss } from "../shared/losses.ts";
import { createStudentStage } from "../shared/student-stage.ts";
import { StudentTraining, type StudentPlan } from "../shared/student-training.ts";
import { structureLoss } from "./snl-losses.ts";
import { snlDistillNetwork, snlNetwork, snlTeacher } from "./snl-network.ts";

/**
 * SNL: one student for many products, which learns structure (what is strong where, what is like what) and not only
 * values, and tells the bottleneck by centres of normality.
 *
 * A reconstruction from the abstract of arXiv 2402.17091: neither text nor code is public. What it names is here
 * (spatial-channel distillation, intra- and inter-affinity distillation, central residual aggregation), on Reverse
 * Distillation's network; how each is done is ours. Its claim is tested by its authors' own probe: mixed pictures of two
 * products must score above normal ones.
 */
export function snl(config: SnlConfig): Method {
  return {
    name: config.name,
    levels: config.levels,
    looksAtPictures: false,
    amplify: null,
    distill: config.distill,
    begin: (context) => new StudentTraining(planOf(config), context),
  };
}

function planOf(config: SnlConfig): StudentPlan {
  return {
    standardizes: true,
    beginStage: ({ levels, seed, mapSize }, frozen) =>
      createStudentStage({
        levels,
        seed,
        teacher: snlTeacher(levels, config),
        distill: snlDistillNetwork(config),
        network: snlNetwork(levels, config, mapSize),
        loss: (targets, predictions) =>
          tf.add(flattenedCosineLoss(targets, predictions), structureLoss(targets, predictions)),
        frozen,
      }),
  };
}
