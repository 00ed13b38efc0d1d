import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createAdam } from "../../src/graph/adam.ts";
import type { Weights } from "../../src/graph/ops.ts";
import { TfWeights } from "../../src/graph/tf-weights.ts";
import { tf } from "../../src/graph/tf.ts";
import { trainStep } from "../../src/graph/train-step.ts";

const OPTIONS = { beta1: 0.5, beta2: 0.999, epsilon: 1e-3 };
const RATE = 0.1;
const START: Weights = new Map([
  ["a.weight", { shape: [3], data: Float32Array.of(1, -2, 3) }],
  ["b.weight", { shape: [1, 1, 1, 2], data: Float32Array.of(0.5, 4) }],
]);

let variables: TfWeights;
beforeEach(() => {
  variables = new TfWeights(START, new Set(START.keys()));
});
afterEach(() => {
  variables.dispose();
});

/** Σ a² + Σ b³, gradients 2a and 3b². */
const loss = (): tf.Scalar => {
  const [a, b] = [variables.get("a.weight"), variables.get("b.weight")];
  return tf.add(tf.sum(tf.square(a)), tf.sum(tf.pow(b, 3)));
};

const valuesOf = (weights: Weights): number[] => [...weights.values()].flatMap(({ data }) => [...data]);

/** torch.optim.Adam, word for word. */
function reference(values: readonly number[], steps: number): number[] {
  const m = values.map(() => 0);
  const v = values.map(() => 0);
  let now = [...values];
  for (let step = 1; step <= steps; step++) {
    now = now.map((value, index) => {
      const gradient = index < 3 ? 2 * value : 3 * value ** 2;
      const [m1, v1] = [
        0.5 * (m[index] ?? 0) + 0.5 * gradient,
        0.999 * (v[index] ?? 0) + 0.001 * gradient ** 2,
      ];
      m[index] = m1;
      v[index] = v1;
      const denominator = Math.sqrt(v1) / Math.sqrt(1 - 0.999 ** step) + OPTIONS.epsilon;
      return value - ((RATE / (1 - 0.5 ** step)) * m1) / denominator;
    });
  }
  return now;
}

describe("Adam", () => {
  test("takes the steps of PyTorch's Adam", () => {
    const adam = createAdam(OPTIONS);
    for (let step = 0; step < 5; step++) trainStep(variables, adam, RATE, loss);
    for (const [index, value] of reference(valuesOf(START), 5).entries()) {
      expect(valuesOf(variables.toWeights())[index]).toBeCloseTo(value, 5);
    }
    adam.dispose();
  });

  test("goes on from a checkpoint as if it had never stopped", () => {
    const first = createAdam(OPTIONS);
    for (let step = 0; step < 3; step++) trainStep(variables, first, RATE, loss);
    const [state, weights] = [first.state(), variables.toWeights()];
    first.dispose();
    variables.dispose();
    variables = new TfWeights(weights, new Set(weights.keys()));
    const second = createAdam(OPTIONS);
    second.restore(state);
    for (let step = 0; step < 2; step++) trainStep(variables, second, RATE, loss);
    for (const [index, value] of reference(valuesOf(START), 5).entries()) {
      expect(valuesOf(variables.toWeights())[index]).toBeCloseTo(value, 5);
    }
    second.dispose();
  });

  test("refuses a checkpoint that is not an Adam's", () => {
    const adam = createAdam(OPTIONS);
    expect(() => {
      adam.restore(START);
    }).toThrow(expect.objectContaining({ code: "adam-state" }));
  });
});

describe("a training step", () => {
  test("gives the loss before the step and leaves no tensor behind", () => {
    const adam = createAdam(OPTIONS);
    expect(trainStep(variables, adam, RATE, loss)).toBeCloseTo(14 + 64.125, 4);
    const { numTensors } = tf.memory();
    for (let step = 0; step < 20; step++) trainStep(variables, adam, RATE, loss);
    expect(tf.memory().numTensors).toBe(numTensors);
    adam.dispose();
  });

  test("ends with nan-loss and unchanged weights when the loss is not a number", () => {
    const adam = createAdam(OPTIONS);
    const broken = () => tf.log(tf.neg(loss()));
    expect(() => trainStep(variables, adam, RATE, broken)).toThrow(
      expect.objectContaining({ code: "nan-loss" }),
    );
    expect(variables.toWeights()).toEqual(START);
    adam.dispose();
  });
});

describe("TfWeights", () => {
  test("gives back every layout as it was", () => {
    const sizes = [[4, 3, 5, 2], [4, 1, 3, 3], [3, 4, 2], [6], [2, 3]];
    const weights: Weights = new Map(
      sizes.map((shape, index) => {
        const length = shape.reduce((product, size) => product * size, 1);
        return [`w${index}`, { shape, data: Float32Array.from({ length }, (_, at) => at) }];
      }),
    );
    const live = new TfWeights(weights, new Set(["w0", "w3"]));
    expect(live.toWeights()).toEqual(weights);
    live.dispose();
  });

  test("frees everything it held", () => {
    const { numTensors } = tf.memory();
    new TfWeights(START, new Set(["a.weight"])).dispose();
    expect(tf.memory().numTensors).toBe(numTensors);
  });

  test("names a weight that is missing", () => {
    expect(() => variables.get("c.weight")).toThrow(/c\.weight/);
    expect(() => new TfWeights(START, new Set(["c.weight"]))).toThrow(
      expect.objectContaining({ code: "missing-weight" }),
    );
  });
});
