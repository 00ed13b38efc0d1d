import { ModelError } from "../domain/errors.ts";
import type { Weight, Weights } from "./ops.ts";

/**
 * The weight of that name and shape.
 * @throws ModelError `missing-weight` or `weight-shape`.
 */
export function requireWeight(weights: Weights, name: string, shape: readonly number[]): Weight {
  const weight = weights.get(name);
  if (!weight) {
    throw new ModelError(
      "missing-weight",
      `The network needs weight ${name} [${shape.join(", ")}], which is not among the ${weights.size} given. ` +
        `Use the weights that belong to this network.`,
    );
  }
  const size = shape.reduce((product, length) => product * length, 1);
  if (weight.shape.join() === shape.join() && weight.data.length === size) return weight;
  throw new ModelError(
    "weight-shape",
    `Weight ${name} is [${weight.shape.join(", ")}] with ${weight.data.length} values; the network needs ` +
      `[${shape.join(", ")}]. Use the weights that belong to this network.`,
  );
}
