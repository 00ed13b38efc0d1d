import { ModelError } from "../domain/errors.ts";
import type { WeightSpec } from "./cost.ts";
import type { Weight, Weights } from "./ops.ts";
import { createRandom, hashSeed, normal } from "./random.ts";

/**
 * First weights of a network: Kaiming-normal (fan-out, ReLU; torch.nn.init.kaiming_normal_) for convolutions, 0 for biases,
 * 1 and 0 for batch norm. Each weight's numbers depend on `seed` and its own name only.
 * @param specs what `countCost(…).weights` lists
 * @param overrides weights to take as they are (the constants must be here)
 * @throws ModelError `missing-weight` for a constant without a value, `weight-shape` for an override of another shape.
 */
export function initializeWeights(specs: readonly WeightSpec[], seed: number, overrides?: Weights): Weights {
  return new Map(specs.map((spec) => [spec.name, initialWeight(spec, seed, overrides?.get(spec.name))]));
}

function initialWeight(spec: WeightSpec, seed: number, given: Weight | undefined): Weight {
  const { name, shape, kind } = spec;
  if (given) {
    if (given.shape.join() === shape.join()) return given;
    throw new ModelError(
      "weight-shape",
      `Weight ${name} is given as [${given.shape.join(", ")}]; the network needs [${shape.join(", ")}].`,
    );
  }
  if (kind === "constant") {
    throw new ModelError(
      "missing-weight",
      `Constant ${name} has no value; pass it to initializeWeights as an override.`,
    );
  }
  const size = shape.reduce((product, length) => product * length, 1);
  if (kind === "conv") return { shape, data: kaimingNormal(shape, size, hashSeed(seed, name)) };
  const value = kind === "bn-scale" || kind === "bn-variance" ? 1 : 0;
  return { shape, data: new Float32Array(size).fill(value) };
}

function kaimingNormal(shape: readonly number[], size: number, seed: number): Float32Array {
  const [filters = 1, , kernelHeight = 1, kernelWidth = 1] = shape;
  const deviation = Math.sqrt(2 / (filters * kernelHeight * kernelWidth)); // fan_out as PyTorch: groups are ignored
  const random = createRandom(seed);
  return Float32Array.from({ length: size }, () => deviation * normal(random));
}
