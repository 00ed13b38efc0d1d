import type { Ops, Weights } from "./ops.ts";

/** The same operations with `prefix` before every weight name, so that one network can be a part of another. */
export function prefixed<T>(ops: Ops<T>, prefix: string): Ops<T> {
  return {
    shape: (x) => ops.shape(x),
    conv2d: (x, name, options) => ops.conv2d(x, prefix + name, options),
    convTranspose2x: (x, name, filters) => ops.convTranspose2x(x, prefix + name, filters),
    convTranspose1x1: (x, name, filters) => ops.convTranspose1x1(x, prefix + name, filters),
    batchNorm: (x, name, epsilon) => ops.batchNorm(x, prefix + name, epsilon),
    relu: (x) => ops.relu(x),
    relu6: (x) => ops.relu6(x),
    tanh: (x) => ops.tanh(x),
    sigmoid: (x) => ops.sigmoid(x),
    square: (x) => ops.square(x),
    sqrt: (x) => ops.sqrt(x),
    add: (a, b) => ops.add(a, b),
    sub: (a, b) => ops.sub(a, b),
    mul: (a, b) => ops.mul(a, b),
    maximum: (a, b) => ops.maximum(a, b),
    div: (a, b) => ops.div(a, b),
    affine: (x, factor, offset) => ops.affine(x, factor, offset),
    addConstant: (x, name, shape) => ops.addConstant(x, prefix + name, shape),
    mulConstant: (x, name, shape) => ops.mulConstant(x, prefix + name, shape),
    concat: (xs) => ops.concat(xs),
    sliceChannels: (x, from, to) => ops.sliceChannels(x, from, to),
    sumChannels: (x) => ops.sumChannels(x),
    meanChannels: (x) => ops.meanChannels(x),
    maxChannels: (x) => ops.maxChannels(x),
    logSumExpChannels: (x) => ops.logSumExpChannels(x),
    softmaxChannels: (x) => ops.softmaxChannels(x),
    normalizeChannels: (x) => ops.normalizeChannels(x),
    avgPool: (x, kernel) => ops.avgPool(x, kernel),
    maxPool3x3s2: (x) => ops.maxPool3x3s2(x),
    upsample2x: (x) => ops.upsample2x(x),
    resample: (x, left, right) => ops.resample(x, left, right),
    perCrop: (x, count, inside) => ops.perCrop(x, count, inside),
    maxAll: (x) => ops.maxAll(x),
  };
}

/** The same weights with `prefix` before every name. */
export function prefixedWeights(weights: Weights, prefix: string): Weights {
  return new Map([...weights].map(([name, weight]) => [prefix + name, weight]));
}
