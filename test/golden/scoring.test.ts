import { describe, expect, it } from "vitest";
import { tf } from "../../src/graph/tf.ts";
import { cosineDistillLoss, flattenedCosineLoss } from "../../src/methods/shared/losses.ts";
import { mapNetwork } from "../../src/methods/shared/map-network.ts";
import { type PictureMap, runOnnx, runTf, toTensor } from "../contract/run-network.ts";
import { formulaValues } from "./formula.ts";
import { expectSampled, missingGolden, readGolden, type Sampled } from "./vectors.ts";

interface ScoringGolden {
  readonly seed: number;
  readonly distill_loss_flat_plus_top10: number;
  readonly rd_loss_flat: number;
  readonly map_before_blur: readonly Sampled[];
  readonly map: readonly Sampled[];
  readonly score: readonly number[];
}

const MAP = { height: 256, width: 256 };
const IMAGES = 2;
const SHAPES = [
  { c: 8, h: 64, w: 64 },
  { c: 12, h: 32, w: 32 },
  { c: 16, h: 16, w: 16 },
];
const missing = missingGolden("scoring.json");

/** Teacher and student features of one image, finest first. */
function features(seed: number, image: number): { teacher: PictureMap[]; student: PictureMap[] } {
  const pairs = SHAPES.map((shape, level) => {
    const size = shape.c * shape.h * shape.w;
    const values = (stream: number) =>
      formulaValues(seed, stream, IMAGES * size).subarray(image * size, (image + 1) * size);
    const teacher = values(500 + level);
    const own = values(510 + level);
    const student = teacher.map((value, at) => 0.7 * value + 0.3 * own[at]!);
    return { teacher: { shape, data: teacher }, student: { shape, data: student } };
  });
  return { teacher: pairs.map((pair) => pair.teacher), student: pairs.map((pair) => pair.student) };
}

describe.skipIf(missing)(`stage 2 equals the published implementation ${missing ?? ""}`, () => {
  it("losses", () => {
    const golden = readGolden("scoring.json") as ScoringGolden;
    const images = Array.from({ length: IMAGES }, (_, image) => features(golden.seed, image));
    const batch = (side: "teacher" | "student") =>
      SHAPES.map((_, level) => tf.concat(images.map((image) => toTensor(image[side][level]!))));
    const [teacher, student] = [batch("teacher"), batch("student")];
    const relative = (loss: tf.Scalar, value: number) => Math.abs(loss.dataSync()[0]! / value - 1);
    expect(relative(flattenedCosineLoss(teacher, student), golden.rd_loss_flat)).toBeLessThan(1e-5);
    const loss = cosineDistillLoss(teacher, student, { count: 10, weight: 1 });
    expect(relative(loss, golden.distill_loss_flat_plus_top10)).toBeLessThan(1e-5);
  });

  it.each(["tfjs", "ONNX Runtime"])(
    "anomaly map before and after the blur, and score, in %s",
    async (engine) => {
      const golden = readGolden("scoring.json") as ScoringGolden;
      for (let image = 0; image < IMAGES; image++) {
        const { teacher, student } = features(golden.seed, image);
        for (const [blurSigmaPx, expected] of [
          [0, golden.map_before_blur],
          [4, golden.map],
        ] as const) {
          const network = mapNetwork({ distance: "cosine", blurSigmaPx, ...MAP });
          const inputs = [...teacher, ...student];
          const [map] =
            engine === "tfjs" ? runTf(network, new Map(), inputs) : await runOnnx(network, new Map(), inputs);
          expectSampled(map!, expected[image]!);
          const score = map!.reduce((highest, value) => Math.max(highest, value), -Infinity);
          if (blurSigmaPx > 0) expect(Math.abs(score / golden.score[image]! - 1)).toBeLessThan(1e-5);
        }
      }
    },
  );
});
