import type { Size } from "../domain/inspection.ts";
import type { Shape } from "../graph/ops.ts";

/** Where the product is, per picture. */
export interface Foreground {
  /** One mask a picture, height * width of the level, 1 = product. */
  readonly masks: readonly Uint8Array[];
  /** False if product and ground could not be told apart (textures, products that fill the picture): all is product. */
  readonly isSplit: boolean;
}

const ITERATIONS = 6;
/** A split is believed if the border is ground to this share, ... */
const BORDER_GROUND = 0.85;
/** ... the middle half of the picture is product to this share, ... */
const MIDDLE_PRODUCT = 0.5;
/** ... and two centres explain this share of the features' variance. */
const EXPLAINED = 0.04;

/**
 * Finds the product in normal pictures without labels: 2-means on standardised teacher features of all pictures together,
 * seeded with the border (ground) and the middle (product). What ground does not reach from the border is product (dark
 * pieces on the product stay in), and the product grows by one location.
 * @param features one [C, H, W] array a picture   @param shape of the level; 16 to 32 locations a side work well
 */
export function findForeground(features: readonly Float32Array[], shape: Shape): Foreground {
  const everything = {
    masks: features.map(() => new Uint8Array(shape.h * shape.w).fill(1)),
    isSplit: false,
  };
  if (features.length === 0 || shape.h < 4 || shape.w < 4) return everything;
  const points = standardized(features, shape);
  const clustering = twoMeans(points, shape, features.length);
  const grounds = features.map((_, i) =>
    clustering.isGround.subarray(i * shape.h * shape.w, (i + 1) * shape.h * shape.w),
  );
  if (clustering.explained < EXPLAINED || !isBelievable(grounds, shape)) return everything;
  return { masks: grounds.map((ground) => grown(reachedFromBorder(ground, shape), shape)), isSplit: true };
}

/** A level's mask at picture size, nearest neighbour; height * width of the picture, 0/1. */
export function scaleForeground(mask: Uint8Array, shape: Shape, size: Size): Uint8Array {
  const scaled = new Uint8Array(size.width * size.height);
  for (let y = 0; y < size.height; y++) {
    const row = Math.floor(((y + 0.5) * shape.h) / size.height) * shape.w;
    for (let x = 0; x < size.width; x++) {
      scaled[y * size.width + x] = mask[row + Math.floor(((x + 0.5) * shape.w) / size.width)]!;
    }
  }
  return scaled;
}

/** [pictures * H * W, C] rows, each channel with mean 0 and variance 1 over all of them. */
function standardized(features: readonly Float32Array[], { c, h, w }: Shape): Float32Array {
  const locations = h * w;
  const points = new Float32Array(features.length * locations * c);
  for (let channel = 0; channel < c; channel++) {
    let sum = 0;
    let squares = 0;
    for (const map of features) {
      for (let i = channel * locations; i < (channel + 1) * locations; i++) {
        sum += map[i]!;
        squares += map[i]! ** 2;
      }
    }
    const mean = sum / (features.length * locations);
    const scale = 1 / Math.sqrt(Math.max(squares / (features.length * locations) - mean * mean, 1e-12));
    features.forEach((map, picture) => {
      for (let i = 0; i < locations; i++) {
        points[(picture * locations + i) * c + channel] = (map[channel * locations + i]! - mean) * scale;
      }
    });
  }
  return points;
}

/** Clusters rows of `points`; ground is the cluster that grew from the border. */
function twoMeans(points: Float32Array, shape: Shape, pictures: number) {
  const locations = shape.h * shape.w;
  const isGround = new Uint8Array(pictures * locations);
  let ground = meanOf(points, shape.c, (i) => isBorder(i % locations, shape));
  let product = meanOf(points, shape.c, (i) => isMiddle(i % locations, shape));
  for (let iteration = 0; iteration < ITERATIONS; iteration++) {
    for (let i = 0; i < isGround.length; i++) {
      isGround[i] = squaredDistance(points, i, ground) < squaredDistance(points, i, product) ? 1 : 0;
    }
    ground = meanOf(points, shape.c, (i) => isGround[i] === 1);
    product = meanOf(points, shape.c, (i) => isGround[i] === 0);
  }
  let within = 0;
  for (let i = 0; i < isGround.length; i++)
    within += squaredDistance(points, i, isGround[i] === 1 ? ground : product);
  return { isGround, explained: 1 - within / (isGround.length * shape.c) };
}

function meanOf(points: Float32Array, channels: number, isMember: (row: number) => boolean): Float64Array {
  const mean = new Float64Array(channels);
  let members = 0;
  for (let row = 0; row < points.length / channels; row++) {
    if (!isMember(row)) continue;
    members++;
    for (let c = 0; c < channels; c++) mean[c] = mean[c]! + points[row * channels + c]!;
  }
  return mean.map((sum) => sum / Math.max(1, members));
}

function squaredDistance(points: Float32Array, row: number, centre: Float64Array): number {
  let sum = 0;
  for (let c = 0; c < centre.length; c++) {
    const difference = points[row * centre.length + c]! - centre[c]!;
    sum += difference * difference;
  }
  return sum;
}

function isBorder(at: number, { h, w }: Shape): boolean {
  const x = at % w;
  const y = Math.floor(at / w);
  return x === 0 || y === 0 || x === w - 1 || y === h - 1;
}

function isMiddle(at: number, { h, w }: Shape): boolean {
  const x = at % w;
  const y = Math.floor(at / w);
  return x >= w / 4 && x < (3 * w) / 4 && y >= h / 4 && y < (3 * h) / 4;
}

function isBelievable(grounds: readonly Uint8Array[], shape: Shape): boolean {
  const share = (isCounted: (at: number, shape: Shape) => boolean): number => {
    let ground = 0;
    let count = 0;
    for (const mask of grounds) {
      mask.forEach((value, at) => {
        if (!isCounted(at, shape)) return;
        ground += value;
        count++;
      });
    }
    return ground / count;
  };
  return share(isBorder) >= BORDER_GROUND && 1 - share(isMiddle) >= MIDDLE_PRODUCT;
}

/** Product mask: everything but the ground that hangs together with the border. */
function reachedFromBorder(ground: Uint8Array, shape: Shape): Uint8Array {
  const product = new Uint8Array(ground.length).fill(1);
  const open = [...ground.keys()].filter((at) => isBorder(at, shape) && ground[at] === 1);
  for (const at of open) product[at] = 0;
  for (let at = open.pop(); at !== undefined; at = open.pop()) {
    const x = at % shape.w;
    const neighbours = [at - shape.w, at + shape.w, x > 0 ? at - 1 : -1, x < shape.w - 1 ? at + 1 : -1];
    for (const next of neighbours) {
      if (ground[next] !== 1 || product[next] !== 1) continue;
      product[next] = 0;
      open.push(next);
    }
  }
  return product;
}

/** The mask with its 4-neighbours. */
function grown(mask: Uint8Array, { w }: Shape): Uint8Array {
  return mask.map((value, at) => {
    const x = at % w;
    return (
      value |
      (mask[at - w] ?? 0) |
      (mask[at + w] ?? 0) |
      (x > 0 ? mask[at - 1]! : 0) |
      (x < w - 1 ? mask[at + 1]! : 0)
    );
  });
}
