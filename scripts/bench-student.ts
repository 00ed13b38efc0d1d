/**
 * Times one training step of a student-like network in tfjs; bench-student.py does the same in PyTorch. The last line of
 * stdout is a JSON object. Usage: node scripts/bench-student.ts [--steps N] [--compare "python3 scripts/bench-student.py"]
 */
import { execFileSync } from "node:child_process";
import { parseArgs } from "node:util";
import { createAdam } from "../src/graph/adam.ts";
import { countCost } from "../src/graph/cost.ts";
import { initializeWeights } from "../src/graph/initialize.ts";
import type { Network, Ops, Shape } from "../src/graph/ops.ts";
import { createRandom, normal } from "../src/graph/random.ts";
import { tfOps } from "../src/graph/tf-ops.ts";
import { TfWeights } from "../src/graph/tf-weights.ts";
import { tf } from "../src/graph/tf.ts";
import { trainStep } from "../src/graph/train-step.ts";

const BATCH = 16;
const TARGETS: readonly Shape[] = [
  { c: 40, h: 32, w: 32 },
  { c: 112, h: 16, w: 16 },
];

/** The "RD student" of the small teacher: f2 40@s8 and f3 112@s16 of a 256² picture in, both whitened levels out. */
const student: Network = (ops, [fine, coarse]) => {
  if (fine === undefined || coarse === undefined) throw new RangeError("the student takes two levels");
  const joined = pointwise(ops, ops.concat([ops.avgPool(fine, 2), coarse]), "in", 96);
  const down = separable(ops, ops.avgPool(joined, 2), "down1", 96);
  const bottleneck = separable(ops, down, "down2", 64);
  const middle = separable(ops, separable(ops, ops.upsample2x(bottleneck), "up1", 96), "up2", 96);
  const high = separable(ops, separable(ops, ops.upsample2x(middle), "up3", 48), "up4", 48);
  return [
    ops.conv2d(high, "out2", { filters: 40, kernel: 1, bias: true }),
    ops.conv2d(middle, "out3", { filters: 112, kernel: 1, bias: true }),
  ];
};

function pointwise<T>(ops: Ops<T>, x: T, name: string, filters: number): T {
  return ops.relu(ops.batchNorm(ops.conv2d(x, `${name}.conv`, { filters, kernel: 1 }), `${name}.bn`));
}

function separable<T>(ops: Ops<T>, x: T, name: string, filters: number): T {
  const { c } = ops.shape(x);
  const depthwise = ops.conv2d(x, `${name}.dw`, { filters: c, kernel: 3, depthwise: true });
  return pointwise(ops, ops.batchNorm(depthwise, `${name}.dw_bn`), name, filters);
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;
}

function timeSteps(steps: number): number[] {
  const random = createRandom(1);
  const { weights: specs } = countCost(student, TARGETS);
  const trainable = specs.filter(({ kind }) => !kind.startsWith("bn-m") && !kind.startsWith("bn-v"));
  const variables = new TfWeights(initializeWeights(specs, 1), new Set(trainable.map(({ name }) => name)));
  const adam = createAdam({ beta1: 0.5, beta2: 0.999, epsilon: 1e-8 });
  const inputs = TARGETS.map(({ c, h, w }) =>
    tf.tensor4d(
      Float32Array.from({ length: BATCH * h * w * c }, () => normal(random)),
      [BATCH, h, w, c],
    ),
  );
  const lossFn = () => {
    const outputs = student(tfOps(variables, "train"), inputs);
    const losses = outputs.map((output, level) =>
      tf.mean(tf.squaredDifference(output, inputs[level] ?? output)),
    );
    return tf.addN(losses) as tf.Scalar;
  };
  return Array.from({ length: steps }, () => {
    const started = performance.now();
    trainStep(variables, adam, 5e-3, lossFn);
    return performance.now() - started;
  });
}

const { values } = parseArgs({
  options: { steps: { type: "string", default: "30" }, compare: { type: "string" } },
});
const steps = Number(values.steps);
const cost = countCost(student, TARGETS);
const tfjsStepMs = median(timeSteps(steps).slice(Math.floor(steps / 5)));
const report: Record<string, number> = { parameters: cost.parameters, macs: cost.macs, tfjsStepMs };
if (values.compare !== undefined) {
  const [program = "", ...parts] = values.compare.split(" ");
  const printed = execFileSync(program, [...parts, "--steps", String(steps)], { encoding: "utf8" });
  const { stepMs } = JSON.parse(printed.trim().split("\n").at(-1) ?? "{}") as { stepMs: number };
  Object.assign(report, { pytorchStepMs: stepMs, ratio: tfjsStepMs / stepMs });
}
process.stdout.write(`${JSON.stringify(report)}\n`);
