import { TrainingError } from "../domain/errors.ts";
import type { Adam } from "./adam.ts";
import type { TfWeights } from "./tf-weights.ts";
import { tf } from "./tf.ts";

/**
 * One step: the loss, its gradients over the trainable weights, and Adam. Leaves no tensors behind.
 * @param lossFn runs the networks and gives one number; called once, inside tf.tidy
 * @returns the loss before the step
 * @throws TrainingError `nan-loss` if it is not finite; the weights are then unchanged (running statistics are not).
 */
export function trainStep(
  variables: TfWeights,
  adam: Adam,
  learningRate: number,
  lossFn: () => tf.Scalar,
): number {
  return tf.tidy(() => {
    const { value, grads } = tf.variableGrads(lossFn, variables.trainables());
    const [loss = NaN] = value.dataSync();
    if (!Number.isFinite(loss)) {
      throw new TrainingError(
        "nan-loss",
        `The training loss became ${loss}. Lower the learning rate, or look for broken pictures in the collected parts.`,
      );
    }
    const gradients = new Map<string, tf.Tensor>();
    for (const [name, variable] of variables.trainablesByName()) {
      const gradient = grads[variable.name];
      if (gradient) gradients.set(name, gradient);
    }
    adam.apply(variables, gradients, learningRate);
    return loss;
  });
}
