import { ModelError } from "../domain/errors.ts";
import type { Weight, Weights } from "./ops.ts";
import { tf } from "./tf.ts";

/** Where `tfOps` takes its weights from, by name and in TensorFlow's layout. */
export interface TensorSource {
  /** @throws ModelError `missing-weight` */
  get(name: string): tf.Tensor;
  /** Changes a running statistic. Called in mode `train` only. */
  setStatistic(name: string, value: tf.Tensor): void;
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
  readonly #constants = new Map<string, tf.Tensor>();
  readonly #variables = new Map<string, tf.Variable>();
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
        this.#constants.set(name, tensor);
        continue;
      }
      const variable = tf.variable(tensor, trainable.has(name));
      tensor.dispose();
      this.#variables.set(name, variable);
      if (trainable.has(name)) this.#trainables.set(name, variable);
    }
  }

  get(name: string): tf.Tensor {
    const tensor = this.#variables.get(name) ?? this.#constants.get(name);
    if (!tensor) throw missing(name, this.#variables.size + this.#constants.size);
    return tensor;
  }

  /** Changes a running statistic. @param value stays the caller's. @throws ModelError `missing-weight` */
  setStatistic(name: string, value: tf.Tensor): void {
    const variable = this.#variables.get(name);
    if (!variable) throw missing(name, this.#variables.size);
    variable.assign(value);
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
    return new Map([...this.#constants, ...this.#variables].map(([name, tensor]) => [name, toTorch(tensor)]));
  }

  /**
   * Sets the variables (trainable weights and running statistics) to saved values, as `toWeights` gave them.
   * @throws ModelError `missing-weight` if one is not among them; nothing has changed then.
   */
  assign(weights: Weights): void {
    const saved = [...this.#variables].map(([name, variable]) => {
      const weight = weights.get(name);
      if (!weight) throw missing(name, weights.size);
      return { variable, weight };
    });
    for (const { variable, weight } of saved) {
      const tensor = toTf(weight);
      variable.assign(tensor);
      tensor.dispose();
    }
  }

  dispose(): void {
    for (const tensor of [...this.#constants.values(), ...this.#variables.values()]) tensor.dispose();
    this.#constants.clear();
    this.#variables.clear();
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
  const tensor = tf.tensor(data, [...shape], "float32");
  const order = TO_TF[shape.length];
  if (!order) return tensor;
  const transposed = tf.transpose(tensor, order);
  tensor.dispose();
  return transposed;
}

function toTorch(tensor: tf.Tensor): Weight {
  const torch = tf.transpose(tensor, TO_TORCH[tensor.rank] ?? tensor.shape.map((_, axis) => axis));
  const weight = { shape: torch.shape, data: Float32Array.from(torch.dataSync()) };
  torch.dispose();
  return weight;
}
