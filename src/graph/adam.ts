import { TrainingError } from "../domain/errors.ts";
import type { Weight, Weights } from "./ops.ts";
import { attribute, runTfKernel, runTfKernel1 } from "./tf-kernel.ts";
import type { TfWeights } from "./tf-weights.ts";
import { tf } from "./tf.ts";

/** Adam as torch.optim.Adam, without weight decay. */
export interface AdamOptions {
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
}

/** An optimiser that lives as long as a training. */
export interface Adam {
  /** Changes the variables by one step. Variables without a gradient stay as they are. Disposes nothing of its arguments. */
  apply(variables: TfWeights, gradients: ReadonlyMap<string, tf.Tensor>, learningRate: number): void;
  /** Moments and step counter, only good for `restore`. */
  state(): Weights;
  /** Goes on where `state` was taken. @throws TrainingError `adam-state` if these are not an Adam's weights. */
  restore(state: Weights): void;
  dispose(): void;
}

const STEP = "adam.step";
const MOMENT = /^adam\.([mv])\.(.+)$/;

/** Creates an Adam with no moments yet. One kernel (`ResourceApplyAdam`) a variable. */
export function createAdam(options: AdamOptions): Adam {
  const slots = new Map<string, Slot>();
  let step = 0;
  const dispose = (): void => {
    for (const slot of slots.values()) slot.dispose();
    slots.clear();
  };
  return {
    apply: (variables, gradients, learningRate) => {
      step++;
      tf.tidy(() => {
        const scalars = stepScalars(options, step, learningRate);
        for (const [name, variable] of variables.trainablesByName()) {
          const gradient = gradients.get(name);
          if (!gradient) continue;
          const slot = slots.get(name) ?? new Slot(tf.zerosLike(variable), tf.zerosLike(variable));
          slots.set(name, slot);
          variable.assign(slot.apply(variable, gradient, scalars));
        }
      });
    },
    state: () => {
      const moments = [...slots].flatMap(([name, slot]) => [
        [`adam.m.${name}`, slot.moment("m")] as const,
        [`adam.v.${name}`, slot.moment("v")] as const,
      ]);
      return new Map<string, Weight>([[STEP, { shape: [1], data: Float32Array.of(step) }], ...moments]);
    },
    restore: (state) => {
      const [savedStep] = state.get(STEP)?.data ?? [];
      if (savedStep === undefined) throw notAState(`has no ${STEP}`);
      dispose();
      step = savedStep;
      for (const name of state.keys()) {
        const [, kind, variable] = MOMENT.exec(name) ?? [];
        if (kind === "m" && variable !== undefined) slots.set(variable, restoredSlot(state, variable));
      }
    },
    dispose,
  };
}

function restoredSlot(state: Weights, variable: string): Slot {
  const m = state.get(`adam.m.${variable}`);
  const v = state.get(`adam.v.${variable}`);
  if (!m || !v) throw notAState(`has only one moment of ${variable}`);
  const moments = [m, v].map(({ data, shape }) => tf.tensor(data, [...shape])) as [tf.Tensor, tf.Tensor];
  const slot = new Slot(...moments);
  tf.dispose(moments);
  return slot;
}

function notAState(what: string): TrainingError {
  return new TrainingError(
    "adam-state",
    `The optimiser's checkpoint ${what}; start the training again without it.`,
  );
}

/** The scalar inputs 3 to 8 of ResourceApplyAdam. */
function stepScalars(
  { beta1, beta2, epsilon }: AdamOptions,
  step: number,
  learningRate: number,
): tf.Scalar[] {
  const power1 = beta1 ** step;
  const power2 = beta2 ** step;
  // TensorFlow adds ε before the bias correction of the second moment, PyTorch after it: scaled, they are the same
  const scaledEpsilon = epsilon * Math.sqrt(1 - power2);
  return [power1, power2, learningRate, beta1, beta2, scaledEpsilon].map((value) => tf.scalar(value));
}

const DTYPE = [attribute.floatType("dtype")];
let handleCount = 0;

/** Both moments of one variable, and a place for the variable itself, as TensorFlow resources. */
class Slot {
  readonly #shape: readonly number[];
  readonly #handles: readonly [tf.Tensor, tf.Tensor, tf.Tensor];

  constructor(m: tf.Tensor, v: tf.Tensor) {
    this.#shape = m.shape;
    this.#handles = [resource(m), resource(m), resource(v)];
  }

  /** @returns the variable's new value. */
  apply(variable: tf.Tensor, gradient: tf.Tensor, scalars: readonly tf.Scalar[]): tf.Tensor {
    const [place] = this.#handles;
    runTfKernel("AssignVariableOp", DTYPE, [place, variable], 0);
    const options = [attribute.floatType("T"), attribute.bool("use_locking", false)];
    runTfKernel("ResourceApplyAdam", options, [...this.#handles, ...scalars, gradient], 0);
    return runTfKernel1("ReadVariableOp", DTYPE, [place]);
  }

  /** The values of a moment, in TensorFlow's layout. */
  moment(kind: "m" | "v"): Weight {
    const handle = this.#handles[kind === "m" ? 1 : 2];
    const tensor = runTfKernel1("ReadVariableOp", DTYPE, [handle]);
    const data = Float32Array.from(tensor.dataSync());
    tensor.dispose();
    return { shape: this.#shape, data };
  }

  dispose(): void {
    for (const handle of this.#handles) {
      runTfKernel("DestroyResourceOp", [attribute.bool("ignore_lookup_error", true)], [handle], 0);
      handle.dispose();
    }
  }
}

function resource(initial: tf.Tensor): tf.Tensor {
  const handle = runTfKernel1(
    "VarHandleOp",
    [
      ...DTYPE,
      attribute.shape("shape", initial.shape),
      attribute.string("container", ""),
      attribute.string("shared_name", `assayd-adam-${handleCount++}`),
    ],
    [],
  );
  runTfKernel("AssignVariableOp", DTYPE, [handle, initial], 0);
  return tf.keep(handle);
}
