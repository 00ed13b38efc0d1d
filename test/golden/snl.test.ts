import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { Network, Weight } from "../../src/graph/ops.ts";
import { tf } from "../../src/graph/tf.ts";
import { centralResidual } from "../../src/methods/snl/central-residual.ts";
import * as losses from "../../src/methods/snl/snl-losses.ts";
import { runOnnx, runTf } from "../contract/run-network.ts";
import { formulaValues } from "./formula.ts";

interface SnlGolden {
  readonly seed: number;
  readonly batch: number;
  readonly levels: readonly (readonly [channels: number, side: number])[];
  readonly losses: Readonly<Record<"spatial" | "channel" | "intra" | "inter" | "structure", number>>;
  readonly central_residual: {
    readonly channels: number;
    readonly side: number;
    readonly centers: number;
    readonly indices: readonly number[];
    readonly values: readonly number[];
  };
}

const golden = JSON.parse(readFileSync(new URL("./snl.json", import.meta.url), "utf8")) as SnlGolden;
const TOLERANCE = 1e-5;

const values = (stream: number, count: number, scale = 1): Float32Array =>
  formulaValues(golden.seed, stream, count).map((value) => value * scale);

/** [B, h, w, C] of every level, as the script has them. */
function features(side: "teacher" | "student"): tf.Tensor4D[] {
  return golden.levels.map(([channels, size], at) => {
    const count = golden.batch * channels * size * size;
    const teacher = values(2 * at, count);
    const other = values(2 * at + 1, count);
    const student = teacher.map((value, i) => 0.6 * value + 0.4 * other[i]!);
    const planes = tf.tensor4d(side === "teacher" ? teacher : student, [golden.batch, channels, size, size]);
    return tf.transpose(planes, [0, 2, 3, 1]);
  });
}

describe("SNL's parts equal their writing in PyTorch", () => {
  it.each([
    ["spatial", losses.spatialLoss],
    ["channel", losses.channelLoss],
    ["intra", losses.intraAffinityLoss],
    ["inter", losses.interAffinityLoss],
    ["structure", losses.structureLoss],
  ] as const)("%s loss", (name, loss) => {
    const value = tf.tidy(() => loss(features("teacher"), features("student")).dataSync()[0]!);
    expect(Math.abs(value / golden.losses[name] - 1)).toBeLessThan(TOLERANCE);
  });

  it.each(["tfjs", "ONNX Runtime"])("central residual aggregation in %s", async (engine) => {
    const { channels, side, centers, indices, values: expected } = golden.central_residual;
    const filters = channels / 8;
    const weight = (stream: number, shape: readonly number[], scale: number): Weight => ({
      shape,
      data: values(
        stream,
        shape.reduce((product, size) => product * size, 1),
        scale,
      ),
    });
    const weights = new Map([
      ["student.cram.centers.weight", weight(11, [centers, channels, 1, 1], 0.5)],
      ["student.cram.centers.bias", weight(12, [centers], 0.5)],
      ["student.cram.squeeze.weight", weight(13, [filters, channels, 1, 1], 0.3)],
      ["student.cram.squeeze.bias", weight(14, [filters], 0.3)],
      ["student.cram.grow.weight", weight(15, [channels, filters, 1, 1], 0.3)],
      ["student.cram.grow.bias", weight(16, [channels], 0.3)],
    ]);
    const network: Network = (ops, inputs) => inputs.map((x) => centralResidual(ops, x, centers));
    const shape = { c: channels, h: side, w: side };
    const inputs = [{ shape, data: values(10, channels * side * side) }];
    const [output] =
      engine === "tfjs" ? runTf(network, weights, inputs) : await runOnnx(network, weights, inputs);
    const scale = Math.max(...expected.map(Math.abs));
    for (const [at, index] of indices.entries())
      expect(Math.abs(output![index]! - expected[at]!) / scale).toBeLessThan(TOLERANCE);
  });
});
