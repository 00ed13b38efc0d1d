import { firstMisfit, pickWeights } from "../backbones/recognize.ts";
import { backboneByName } from "../backbones/registry.ts";
import { InputError } from "../domain/errors.ts";
import { countCost } from "../graph/cost.ts";
import type { Weights } from "../graph/ops.ts";
import { rdStudent, STUDENT_PREFIXES, type StudentPlan } from "./rd-network.ts";

/** The students that RD's code makes, by the teacher that each of them mirrors. */
const PLANS: readonly { readonly backbone: string; readonly plan: StudentPlan }[] = [
  {
    backbone: "wide_resnet50_2",
    plan: { block: "bottleneck", planes: 64, widening: 2, squeeze: 3, stages: [3, 4, 6] },
  },
  {
    backbone: "resnet50",
    plan: { block: "bottleneck", planes: 64, widening: 1, squeeze: 3, stages: [3, 4, 6] },
  },
  {
    backbone: "resnet18",
    plan: { block: "basic", planes: 64, widening: 1, squeeze: 2, stages: [2, 2, 2] },
  },
];

const ANY_SIZE = { width: 64, height: 64 }; // weights do not depend on the size of the picture

/** Declared by the code but never used (BN_layer's conv4 and bn4), or thrown away by its test.py (`memory`). */
const DEAD = /^bn\.(conv4|bn4)\.|memory/;

/**
 * The student that a checkpoint's weights belong to, by their names and shapes.
 * @param weights `bn.*` and `decoder.*`   @param file for messages
 * @returns the teacher's backbone, the plan, and the weights that the student uses
 * @throws InputError `unknown-weights` with the first difference to each student, `bad-weight-file` for numbers not finite
 */
export function recognizeStudent(
  weights: Weights,
  file: string,
): { readonly backbone: string; readonly plan: StudentPlan; readonly weights: Weights } {
  const misfits: string[] = [];
  for (const { backbone, plan } of PLANS) {
    const inputs = backboneByName(backbone).levels(ANY_SIZE);
    const needed = countCost(
      rdStudent(plan),
      inputs.map(({ shape }) => shape),
    ).weights;
    const misfit = firstMisfit(needed, weights, isStudents);
    if (misfit === null) return { backbone, plan, weights: pickWeights(needed, weights, file) };
    misfits.push(`that of ${backbone} (${misfit})`);
  }
  throw new InputError(
    "unknown-weights",
    `The ${weights.size} weights of bn and decoder in ${file} are no student of the published code: ${misfits.join(", ")}.`,
  );
}

const isStudents = (name: string): boolean =>
  STUDENT_PREFIXES.some((prefix) => name.startsWith(prefix)) && !DEAD.test(name);
