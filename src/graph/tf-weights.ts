import { ModelError } from "../domain/errors.ts";
import type { Weight, Weights } from "./ops.ts";
import { tf } from "./tf.ts";

/** Where `tfOps` takes its weights from: the tensor of that name in TensorFlow's layout. @throws ModelError `missing-weight` */
export interface TensorSource {
  get(name: string): tf.Tensor;
}

// PyTorch -> TensorFlow: [out, in, kh, kw] -> [kh, kw, in, out] (also right for transposed convolutions), [C, H, W] -> [H, W, C]
const TO_TF: Readonly<Record<number, number[]>> = { 4: [2, 3, 1, 0], 3: [1, 2, 0] };
const TO_TORCH: Readonly<Record<number, number[]>> = { 4: [3, 2, 0, 1], 3: [2, 0, 1] };
const RUNNING = /\.running_(mean|var)$/;

/**
 * Weights on TensorFlow's side while something is trained or run: converted once, trainable ones and running statistics as
 * variables, all others constant. Holds memory until `dispose`.
 */
export class TfWeights implements TensorSource {
  readonly #tensors = new Map<string, tf.Tensor>();
  readonly #trainables = new Map<string, tf.Variable>();

  /**
   * @param trainable names of the weights to train; each must be in `weights`
   * @throws ModelError `missing-weight` if one is not.
   */
  constructor(weights: Weights, trainable: ReadonlySet<string>) {
    for (const name of trainable) if (!weights.has(name)) throw missing(name, weights.size);
    for (const [name, weight] of weights) {
      const tensor = toTf(weight);
      if (!trainable.has(name) && !RUNNING.test(name)) {
        this.#tensors.set(name, tensor);
        continue;
      }
      const variable = tf.variable(tensor, trainable.has(name));
      tensor.dispose();
      this.#tensors.set(name, variable);
      if (trainable.has(name)) this.#trainables.set(name, variable);
    }
  }

  get(name: string): tf.Tensor {
    const tensor = this.#tensors.get(name);
    if (!tensor) throw missing(name, this.#tensors.size);
    return tensor;
  }

  /** The variables to train, in the order of the weights given. */
  trainables(): tf.Variable[] {
    return [...this.#trainables.values()];
  }

  /** The same by weight name. */
  trainablesByName(): ReadonlyMap<string, tf.Variable> {
    return this.#trainables;
  }

  /** A copy of all weights as they are now, in PyTorch's layout. */
  toWeights(): Weights {
    return new Map([...this.#tensors].map(([name, tensor]) => [name, toTorch(tensor)]));
  }

  dispose(): void {
    for (const tensor of this.#tensors.values()) tensor.dispose();
    this.#tensors.clear();
    this.#trainables.clear();
  }
}

function missing(name: string, count: number): ModelError {
  return new ModelError(
    "missing-weight",
    `The network needs weight ${name}, which is not among the ${count} given. Use the weights that belong to this network.`,
  );
}

function toTf({ shape, data }: Weight): tf.Tensor {
  const order = TO_TF[shape.length];
  return tf.tidy(() => {
    const tensor = tf.tensor(data, [...shape], "float32");
    return order ? tf.transpose(tensor, order) : tf.clone(tensor);
  });
}

function toTorch(tensor: tf.Tensor): Weight {
  const order = TO_TORCH[tensor.rank];
  return tf.tidy(() => {
    const torch = order ? tf.transpose(tensor, order) : tensor;
    return { shape: torch.shape, data: Float32Array.from(torch.dataSync()) };
  });
}
