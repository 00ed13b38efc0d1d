import { countCost, isTrainable } from "../../../graph/cost.ts";
import { initializeWeights } from "../../../graph/initialize.ts";
import type { Network, Weights } from "../../../graph/ops.ts";
import { tf } from "../../../graph/tf.ts";
import { tfOps } from "../../../graph/tf-ops.ts";
import { TfWeights } from "../../../graph/tf-weights.ts";
import type { Level, StageBatch, TrainableStage } from "../../method.ts";
import { focalLoss, levelLabels } from "../../shared/losses.ts";
import { uniformStart } from "../../shared/uniform-start.ts";
import { gateNetwork, wideNetwork } from "./fused-network.ts";

/** Stage 1 of the fused form: the gate learns where synthetic anomalies are, and its companion where wide areas are. */
export interface GateStage extends TrainableStage {
  /** `gate.*` and `wide.*` with the running statistics of its batch norms. */
  trained(): Weights;
  dispose(): void;
}

/** Of the focal loss on wide areas: they fill a third of a picture, not a hundredth. */
const WIDE_ALPHA = 0.5;

interface GateStageOptions {
  /** `standardize.<level>.*` of normal parts. */
  readonly standardization: Weights;
  readonly seed: number;
  /** Whether wide areas are learned too. */
  readonly wide: boolean;
}

export function createGateStage(
  levels: readonly Level[],
  { standardization, seed, wide }: GateStageOptions,
): GateStage {
  const gate = gateNetwork(levels);
  const wideAreas = wideNetwork(levels);
  const both: Network = (ops, features) => [
    ...gate(ops, features),
    ...(wide ? wideAreas(ops, features) : []),
  ];
  const { weights: specs } = countCost(
    both,
    levels.map(({ shape }) => shape),
  );
  const own = specs.filter(({ name }) => isOwn(name));
  const learned = own.filter(isTrainable);
  const variables = new TfWeights(
    initializeWeights(specs, seed, new Map([...uniformStart(own, seed), ...standardization])),
    new Set(learned.map(({ name }) => name)),
  );
  return {
    variables,
    loss: (batch: StageBatch) => {
      const { features, mask } = batch;
      if (!mask) throw new RangeError("Stage 1 needs synthetic anomalies: a batch without mask was given.");
      const ops = tfOps(variables, "train");
      const lossOf = (network: Network, part: Part, alpha?: number): tf.Scalar => {
        const gates = network(ops, part.features).map((logit) => tf.sigmoid(logit));
        const labels = gates.map(({ shape: [, h, w] }) => levelLabels(part.mask, h, w));
        return focalLoss(gates, labels, alpha);
      };
      const small = mask.shape[0] - batch.wide;
      const loss = lossOf(gate, partOf({ features, mask }, 0, small));
      if (!wide || batch.wide === 0) return loss;
      return tf.add(loss, lossOf(wideAreas, partOf({ features, mask }, small, batch.wide), WIDE_ALPHA));
    },
    trained: () => new Map([...variables.toWeights()].filter(([name]) => isOwn(name))),
    dispose: () => {
      variables.dispose();
    },
  };
}

const isOwn = (name: string): boolean => name.startsWith("gate.") || name.startsWith("wide.");

/** Pictures of a batch, and where their anomalies are. */
interface Part {
  readonly features: readonly tf.Tensor4D[];
  readonly mask: tf.Tensor4D;
}

function partOf({ features, mask }: Part, from: number, count: number): Part {
  const cut = (x: tf.Tensor4D): tf.Tensor4D => tf.slice4d(x, [from, 0, 0, 0], [count, -1, -1, -1]);
  return count === mask.shape[0] ? { features, mask } : { features: features.map(cut), mask: cut(mask) };
}
