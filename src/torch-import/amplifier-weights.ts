import { firstMisfit, pickWeights } from "../backbones/recognize.ts";
import { InputError } from "../domain/errors.ts";
import type { WeightSpec } from "../graph/cost.ts";
import { countCost } from "../graph/cost.ts";
import type { Weight, Weights } from "../graph/ops.ts";
import {
  amplifyConstants,
  amplifyNetwork,
  holdsKeys,
  unitKeys,
} from "../methods/aand/paper/amplify-network.ts";
import type { Level } from "../methods/method.ts";
import { PUBLISHED_AMPLIFY } from "./published-networks.ts";

const PERCEPTRONS: Readonly<Record<string, string>> = { gate: "projs", generator: "projs2" };

/**
 * The residual amplifiers (RAA) of AAND's stage-1 checkpoint, under our names and with keys of length 1.
 * @param encoder the state dict `encoder_AT`: `feat_recons_a` to `feat_recons_c` are levels 1 to 3 (resnet_rar.py)
 * @param levels all three, at the size that the model will see
 * @throws InputError `unknown-weights` with the first difference, `bad-weight-file` for numbers not finite
 */
export function amplifierWeights(
  encoder: Weights,
  levels: readonly Level[],
  file: string,
): { readonly weights: Weights; readonly memory: number } {
  const memory = Math.floor((encoder.get("feat_recons_a.K_list.0")?.shape[1] ?? 0) / 2);
  const network = amplifyNetwork(levels, { ...PUBLISHED_AMPLIFY, memory });
  const ours = countCost(
    network,
    levels.map(({ shape }) => shape),
  ).weights.filter(({ kind }) => kind !== "constant");
  const needed = ours.map(published);
  const misfit = firstMisfit(needed, encoder, (name) => name.startsWith("feat_recons_"));
  if (misfit !== null) {
    throw new InputError(
      "unknown-weights",
      `encoder_AT in ${file} is no amplified teacher of the published AAND code: it ${misfit}.`,
    );
  }
  const picked = pickWeights(needed, encoder, file);
  const renamed = ours.map((spec): [string, Weight] => {
    const data = picked.get(published(spec).name)?.data ?? new Float32Array();
    return [spec.name, { shape: spec.shape, data }];
  });
  return { weights: unitKeys(new Map([...renamed, ...amplifyConstants(levels)])), memory };
}

/** `raa.1.gate.2.bias` is `feat_recons_a.projs.0.4.bias` (a ReLU between two convolutions), keys are [1, 2N, C] there. */
function published({ name, shape }: WeightSpec): Pick<WeightSpec, "name" | "shape"> {
  const [, level = "", part = "", layer = ""] = name.split(".");
  const module = `feat_recons_${"abc"[Number(level) - 1] ?? "?"}`;
  if (holdsKeys(name)) return { name: `${module}.K_list.0`, shape: [1, ...shape.slice(0, 2)] };
  const leaf = name.slice(name.lastIndexOf("."));
  return { name: `${module}.${PERCEPTRONS[part] ?? part}.0.${2 * Number(layer)}${leaf}`, shape };
}
