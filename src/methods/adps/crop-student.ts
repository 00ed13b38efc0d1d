import { cropUnitPx } from "../../config/crop-rule.ts";
import type { AdpsConfig } from "../../config/method-schema.ts";
import { TrainingError } from "../../domain/errors.ts";
import type { Size } from "../../domain/inspection.ts";
import type { Ops } from "../../graph/ops.ts";
import type { Level } from "../method.ts";

/** Widest trunk: a teacher with wider levels is met by the heads. */
const MAX_TRUNK = 128;
const STEM = 16;
/** Depthwise channels over a block's input. */
const EXPANSION = 3;

/**
 * The student of ADPS: sees a picture 3 × H × W in 0..1 cut into `patches` × `patches` crops, each alone (no context), and
 * says for each level what the teacher, who sees the whole, would say there; the predictions lie at the crops' places.
 * A small network of inverted residuals, from random weights: the paper does not name its student.
 * @returns predictions of the levels' shapes, finest first. Weights: `student.*`.
 */
export function cropStudent<T>(
  ops: Ops<T>,
  picture: T,
  levels: readonly Level[],
  patches: number,
): readonly T[] {
  const centered = ops.affine(picture, 4, -2); // about −2..2: the zeros beyond a crop are mid-grey
  return ops.perCrop(centered, patches, (crop) => predictLevels(ops, crop, levels));
}

/** @throws TrainingError `patches` if a crop is no whole number of the coarsest level's locations. */
export function requireWholeCrops(
  { height, width }: Size,
  levels: readonly Level[],
  patches: AdpsConfig["patches"],
): void {
  const unit = cropUnitPx({ levels: levels.map(({ level }) => level), patches });
  if (height % unit === 0 && width % unit === 0) return;
  throw new TrainingError(
    "patches",
    `Pictures of ${width} × ${height} cannot be cut into ${patches} × ${patches} crops for this teacher; ` +
      `use an input size that is a multiple of ${unit}, or less training.method.patches.`,
  );
}

/** One stage a level: to half the size, then one block that stays. Levels that are not compared are passed through. */
function predictLevels<T>(ops: Ops<T>, crop: T, levels: readonly Level[]): readonly T[] {
  let x = ops.conv2d(crop, "student.stem.conv", { filters: STEM, kernel: 3, stride: 2 });
  x = ops.relu(ops.batchNorm(x, "student.stem.bn"));
  const predictions: T[] = [];
  let passed = 0;
  for (const { level, shape } of levels) {
    const width = Math.min(shape.c, MAX_TRUNK);
    for (; passed < level; passed++) {
      const name = `student.stage${passed + 1}`;
      x = block(ops, x, `${name}.0`, { filters: width, stride: 2 });
      x = ops.add(x, block(ops, x, `${name}.1`, { filters: width, stride: 1 }));
    }
    const name = `student.head${level}`;
    predictions.push(ops.conv2d(x, name, { filters: shape.c, kernel: 1, bias: true }));
  }
  return predictions;
}

/** Expand 1×1, depthwise 3×3, project 1×1 (linear). */
function block<T>(ops: Ops<T>, x: T, name: string, options: { filters: number; stride: number }): T {
  const wide = EXPANSION * ops.shape(x).c;
  let y = ops.conv2d(x, `${name}.expand`, { filters: wide, kernel: 1 });
  y = ops.relu(ops.batchNorm(y, `${name}.bn0`));
  y = ops.conv2d(y, `${name}.depthwise`, {
    filters: wide,
    kernel: 3,
    stride: options.stride,
    depthwise: true,
  });
  y = ops.relu(ops.batchNorm(y, `${name}.bn1`));
  y = ops.conv2d(y, `${name}.project`, { filters: options.filters, kernel: 1 });
  return ops.batchNorm(y, `${name}.bn2`);
}
