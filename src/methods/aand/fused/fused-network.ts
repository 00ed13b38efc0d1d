import type { Size } from "../../../domain/inspection.ts";
import type { Network, Ops } from "../../../graph/ops.ts";
import { zip } from "../../../graph/zip.ts";
import type { Level } from "../../method.ts";
import { anomalyMap, distanceMap } from "../../shared/map-network.ts";
import { nearestDistance } from "../../shared/bank/nearest-network.ts";
import { standardized } from "../../shared/standardized.ts";
import { compactStudent } from "../../students/compact.ts";
import { reverseStudent } from "../../students/reverse.ts";
import { contextGate } from "./context-gate.ts";
import { wideGate } from "./wide-gate.ts";

/** What is fused: the gate of stage 1, its gate for wide areas, the student's distance of stage 2, and the distance to the nearest remembered patch. */
export type MapName = "gate" | "wide" | "distance" | "nearest";

export interface FusedShape {
  /** All levels that come in, finest first: the gate's. */
  readonly levels: readonly Level[];
  /** Numbers of those that the student and the bank compare. */
  readonly compared: readonly number[];
  readonly student: "compact" | "reverse";
  /** Keys in the bank. */
  readonly keys: number;
  readonly maps: readonly MapName[];
  readonly blurSigmaPx: number;
  readonly mapSize: Size;
}

/** The levels that student and bank compare, and what belongs to them. */
export function comparedOf<V>(
  { levels, compared }: Pick<FusedShape, "levels" | "compared">,
  all: readonly V[],
): V[] {
  return zip(levels, all).flatMap(([{ level }, value]) => (compared.includes(level) ? [value] : []));
}

/** Vanilla features of the compared levels to whitened ones, which the student learns: a 1×1 convolution `whiten.<level>`. */
export function whitenedTeacher(levels: readonly Level[]): Network {
  return (ops, features) =>
    zip(levels, features).map(([{ level }, feature]) =>
      ops.conv2d(feature, `whiten.${level}`, { filters: ops.shape(feature).c, kernel: 1, bias: true }),
    );
}

/** Targets to targets, then predictions. */
export function fusedDistillNetwork(student: FusedShape["student"]): Network {
  const predict = student === "compact" ? compactStudent : reverseStudent;
  return (ops, targets) => [...targets, ...predict(ops, targets)];
}

/** Standardised features of all levels to the gate's logits, finest first. */
export function gateNetwork(levels: readonly Level[]): Network {
  return (ops, features) => contextGate(ops, standardized(ops, levels, features));
}

/** Levels that the gate for wide areas sees, the coarsest. */
const WIDE_LEVELS = 2;

/** Standardised features of all levels to the logit of wide areas, at the coarsest. */
export function wideNetwork(levels: readonly Level[]): Network {
  return (ops, features) => [
    wideGate(ops, standardized(ops, levels.slice(-WIDE_LEVELS), features.slice(-WIDE_LEVELS))),
  ];
}

/** One map by itself, in its own units: [anomaly map], what its statistics are measured on. */
export function singleMapNetwork(shape: FusedShape, name: MapName): Network {
  return (ops, features) => [anomalyMap(ops, mapsOf(ops, features, shape, name), outputOf(shape))];
}

/**
 * Vanilla features of all levels to [anomaly map]: Σ `fusion.<map>.scale` · map + `fusion.offset`; of the map of wide areas only what
 * exceeds `fusion.wide.floor`. Blur and up-sampling are linear, so maps of one grid are summed before.
 */
export function fusedNetwork(shape: FusedShape): Network {
  return (ops, features) => {
    const scaled = shape.maps.flatMap((name) =>
      mapsOf(ops, features, shape, name).map((map) =>
        ops.mulConstant(name === "wide" ? aboveFloor(ops, map) : map, `fusion.${name}.scale`),
      ),
    );
    return [ops.addConstant(anomalyMap(ops, sumByGrid(ops, scaled), outputOf(shape)), "fusion.offset", [1])];
  };
}

/** `fusion.wide.floor` is its negative: it is added. */
function aboveFloor<T>(ops: Ops<T>, map: T): T {
  return ops.relu(ops.addConstant(map, "fusion.wide.floor", [1]));
}

/** The maps, 1 × h × w each, whose sum at map size is the map of this name. */
function mapsOf<T>(ops: Ops<T>, features: readonly T[], shape: FusedShape, name: MapName): readonly T[] {
  if (name === "gate")
    return gateNetwork(shape.levels)(ops, features)
      .slice(0, 1)
      .map((logit) => ops.sigmoid(logit));
  if (name === "wide") return wideNetwork(shape.levels)(ops, features).map((logit) => ops.sigmoid(logit));
  const compared = comparedOf(shape, features);
  if (name === "nearest") {
    const distance = nearestDistance(ops, compared, shape.keys);
    const { h, w } = ops.shape(distance);
    return [ops.mulConstant(distance, "bank.border", [1, h, w])];
  }
  const levels = comparedOf(shape, shape.levels);
  const outputs = fusedDistillNetwork(shape.student)(ops, whitenedTeacher(levels)(ops, compared));
  return zip(outputs.slice(0, levels.length), outputs.slice(levels.length)).map(([target, prediction]) =>
    distanceMap(ops, target, prediction, "whitened"),
  );
}

const outputOf = ({ mapSize, blurSigmaPx }: FusedShape) => ({ ...mapSize, blurSigmaPx });

function sumByGrid<T>(ops: Ops<T>, maps: readonly T[]): readonly T[] {
  const sums = new Map<string, T>();
  for (const map of maps) {
    const { h, w } = ops.shape(map);
    const sum = sums.get(`${h}x${w}`);
    sums.set(`${h}x${w}`, sum === undefined ? map : ops.add(sum, map));
  }
  return [...sums.values()];
}
