import type { Network, Ops, Weight, Weights } from "../../../graph/ops.ts";
import type { Level } from "../../method.ts";
import { zip } from "../../../graph/zip.ts";
import { positionalEncoding } from "./positional-encoding.ts";

/** What shapes the residual amplifier (RAA); a part of the configuration's `amplify`. */
export interface AmplifyOptions {
  /** Hidden width of the perceptrons as a multiple of the channels. */
  readonly hidden: number;
  /** N normal and N anomalous keys. */
  readonly memory: number;
  readonly temperature: number;
  /** How φ2 makes the residual: tanh(φ2) ⊙ f (the paper), sigmoid(φ2) ⊙ f, or φ2 itself (AAND Fig. 7). Default tanh. */
  readonly residual?: "tanh" | "sigmoid" | "free";
}

/** What RAA makes of one level: gate [1, H, W] in 0..1, residual and amplified feature [C, H, W]. */
export interface Amplified<T> {
  readonly gate: T;
  readonly residual: T;
  readonly amplified: T;
}

const MAX_HIDDEN = 1024; // AAND, official recons_net.py: min(2C, 1024)

/** Prefix of all weights of one level's amplifier. */
export const amplifierName = (level: number): string => `raa.${level}`;

/**
 * Gate of one level (MRG, AAND §III-B): the share of the anomalous keys in the softmax over cos(φ1(f + p), K)/T, written as
 * sigmoid(LSE(anomalous) − LSE(normal)), which is the same number.
 *
 * The weight `<raa.level>.keys.weight` [2N, C, 1, 1] must hold keys of length 1: see `unitKeys`.
 * @returns 1 × H × W in 0..1
 */
function gateOfLevel<T>(ops: Ops<T>, feature: T, level: number, options: AmplifyOptions): T {
  const name = amplifierName(level);
  const { c, h, w } = ops.shape(feature);
  const placed = ops.addConstant(feature, `${name}.position`, [c, h, w]);
  const query = ops.normalizeChannels(perceptron(ops, placed, `${name}.gate`, hiddenWidth(c, options)));
  const cosines = ops.conv2d(query, `${name}.keys`, { filters: 2 * options.memory, kernel: 1 });
  const logits = ops.affine(cosines, 1 / options.temperature, 0);
  const normal = ops.logSumExpChannels(ops.sliceChannels(logits, 0, options.memory));
  const anomalous = ops.logSumExpChannels(ops.sliceChannels(logits, options.memory, 2 * options.memory));
  return ops.sigmoid(ops.sub(anomalous, normal));
}

/** The gate damped by `<raa.level>.trust` (1 is the paper). */
export function trustedGate<T>(ops: Ops<T>, feature: T, level: number, options: AmplifyOptions): T {
  return ops.mulConstant(gateOfLevel(ops, feature, level, options), `${amplifierName(level)}.trust`);
}

/** Residual anomaly amplification of one level (AAND §III-B): f + trust·w·r, residual r as `residualOfLevel` gives it. */
export function amplifyLevel<T>(
  ops: Ops<T>,
  feature: T,
  level: number,
  options: AmplifyOptions,
): Amplified<T> {
  const gate = gateOfLevel(ops, feature, level, options);
  const residual = residualOfLevel(ops, feature, level, options);
  const trusted = ops.mulConstant(gate, `${amplifierName(level)}.trust`);
  return { gate, residual, amplified: ops.add(feature, ops.mul(trusted, residual)) };
}

/** Residual of one level (ARG, AAND §III-B): tanh(φ2(f)) ⊙ f, or as `options.residual` says. */
export function residualOfLevel<T>(ops: Ops<T>, feature: T, level: number, options: AmplifyOptions): T {
  const hidden = hiddenWidth(ops.shape(feature).c, options);
  const scale = perceptron(ops, feature, `${amplifierName(level)}.generator`, hidden);
  const form = options.residual ?? "tanh";
  if (form === "free") return scale;
  return ops.mul(form === "tanh" ? ops.tanh(scale) : ops.sigmoid(scale), feature);
}

function hiddenWidth(channels: number, { hidden }: AmplifyOptions): number {
  return Math.min(Math.round(hidden * channels), MAX_HIDDEN);
}

/** φ of the paper: three 1×1 convolutions with bias, C → hidden → hidden → C. */
function perceptron<T>(ops: Ops<T>, x: T, name: string, hidden: number): T {
  const channels = ops.shape(x).c;
  const first = ops.relu(ops.conv2d(x, `${name}.0`, { filters: hidden, kernel: 1, bias: true }));
  const second = ops.relu(ops.conv2d(first, `${name}.1`, { filters: hidden, kernel: 1, bias: true }));
  return ops.conv2d(second, `${name}.2`, { filters: channels, kernel: 1, bias: true });
}

/**
 * RAA of all levels side by side (residuals do not feed forward).
 * Inputs: one feature per level. Outputs: gate, residual, amplified of the first level, then of the second, and so on.
 */
export function amplifyNetwork(levels: readonly Level[], options: AmplifyOptions): Network {
  return (ops, inputs) =>
    zip(levels, inputs).flatMap(([{ level }, feature]) => {
      const { gate, residual, amplified } = amplifyLevel(ops, feature, level, options);
      return [gate, residual, amplified];
    });
}

/** The weights of RAA that are set, not learned: positional maps, and full trust (1) in every gate. */
export function amplifyConstants(levels: readonly Level[]): Weights {
  return new Map(
    levels.flatMap(({ level, shape }): [string, Weight][] => [
      [`${amplifierName(level)}.position`, positionalEncoding(shape)],
      [`${amplifierName(level)}.trust`, { shape: [1], data: Float32Array.of(1) }],
    ]),
  );
}

/** Whether a weight holds keys, which are learned at any length and used at length 1. */
export const holdsKeys = (name: string): boolean => name.startsWith("raa.") && name.endsWith(".keys.weight");

/** The same weights with every key scaled to length 1: what the network text expects after training. */
export function unitKeys(weights: Weights): Weights {
  return new Map([...weights].map(([name, weight]) => [name, holdsKeys(name) ? unitRows(weight) : weight]));
}

function unitRows({ shape, data }: Weight): Weight {
  const length = shape[1] ?? data.length;
  const rows = new Float32Array(data.length);
  for (let start = 0; start < data.length; start += length) {
    const norm = Math.max(Math.hypot(...data.subarray(start, start + length)), 1e-8);
    for (let i = start; i < start + length; i++) rows[i] = (data[i] ?? 0) / norm;
  }
  return { shape, data: rows };
}
