import { countCost, isTrainable } from "../../../graph/cost.ts";
import { initializeWeights } from "../../../graph/initialize.ts";
import type { Weights } from "../../../graph/ops.ts";
import { tf } from "../../../graph/tf.ts";
import { tfOps } from "../../../graph/tf-ops.ts";
import { TfWeights } from "../../../graph/tf-weights.ts";
import type { Level, StageBatch, TrainableStage } from "../../method.ts";
import { focalLoss, levelLabels } from "../../shared/losses.ts";
import { uniformStart } from "../../shared/uniform-start.ts";
import { gateNetwork } from "./fused-network.ts";

/** Stage 1 of the fused form: the gate learns where synthetic anomalies are. */
export interface GateStage extends TrainableStage {
  /** `gate.*` with the running statistics of its batch norms. */
  trained(): Weights;
  dispose(): void;
}

/** @param standardization `standardize.<level>.*` of normal parts */
export function createGateStage(
  levels: readonly Level[],
  { standardization, seed }: { readonly standardization: Weights; readonly seed: number },
): GateStage {
  const network = gateNetwork(levels);
  const { weights: specs } = countCost(
    network,
    levels.map(({ shape }) => shape),
  );
  const own = specs.filter(({ name }) => name.startsWith("gate."));
  const learned = own.filter(isTrainable);
  const variables = new TfWeights(
    initializeWeights(specs, seed, new Map([...uniformStart(own, seed), ...standardization])),
    new Set(learned.map(({ name }) => name)),
  );
  return {
    variables,
    loss: ({ features, mask }: StageBatch) => {
      if (!mask) throw new RangeError("Stage 1 needs synthetic anomalies: a batch without mask was given.");
      const gates = network(tfOps(variables, "train"), features).map((logit) => tf.sigmoid(logit));
      return focalLoss(
        gates,
        gates.map(({ shape: [, h, w] }) => levelLabels(mask, h, w)),
      );
    },
    trained: () => new Map([...variables.toWeights()].filter(([name]) => name.startsWith("gate."))),
    dispose: () => {
      variables.dispose();
    },
  };
}
