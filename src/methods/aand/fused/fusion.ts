import type { MapName } from "./fused-network.ts";

/** Of one map: the highest value on each good part that was held out. */
export interface Spread {
  readonly highest: readonly number[];
}

/** How the maps become one: Σ scale · map + offset. */
export interface Fusion {
  readonly scales: ReadonlyMap<MapName, number>;
  readonly offset: number;
  /** 0..1 by map: 1 counts in full. */
  readonly trust: ReadonlyMap<MapName, number>;
}

/**
 * Deviations between the highest gates of good parts and 1, its ceiling: at `NONE` or fewer the gate cannot say anything about a
 * part that it does not also say about good ones; at `FULL` it is trusted as the other maps are. On ten unlike products
 * whose gate helped it was 4 to 8.
 */
const NONE = 1;
const FULL = 4;

/**
 * Every map in standard deviations of its highest values on held-out good parts, which makes them comparable, then added. A map
 * without a ceiling counts in full; the gate, which cannot exceed 1, by the room that good parts leave it: an object that moves
 * in ways it takes for anomalies leaves little (accuracy.md: there it was harmful). No defect is looked at.
 * @param trust `full`: every map counts in full
 */
export function fuse(spreads: ReadonlyMap<MapName, Spread>, trust: "measured" | "full"): Fusion {
  const scales = new Map<MapName, number>();
  const trusted = new Map<MapName, number>();
  let offset = 0;
  for (const [name, { highest }] of spreads) {
    const { mean, deviation } = momentsOf(highest);
    const weight = name === "gate" && trust === "measured" ? gateTrust(mean, deviation) : 1;
    trusted.set(name, weight);
    scales.set(name, weight / deviation);
    offset -= (weight * mean) / deviation;
  }
  return { scales, offset, trust: trusted };
}

/** 0..1 from the room above good parts' highest gates, in their deviations. */
function gateTrust(mean: number, deviation: number): number {
  const room = (1 - mean) / deviation;
  return Math.min(Math.max((room - NONE) / (FULL - NONE), 0), 1);
}

/** Mean and deviation, the latter never 0: parts that are all alike (a repeated picture) must not make a map infinite. */
function momentsOf(values: readonly number[]): { mean: number; deviation: number } {
  const count = Math.max(values.length, 1);
  const mean = values.reduce((sum, value) => sum + value, 0) / count;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / Math.max(count - 1, 1);
  return { mean, deviation: Math.max(Math.sqrt(variance), 0.01 * Math.abs(mean), 1e-6) };
}

/** For the report. */
export function fusionWords({ trust }: Fusion): string {
  const words = [...trust].map(([name, weight]) => `${name} ${Math.round(100 * weight)} %`);
  return `maps fused, trusted: ${words.join(", ")}`;
}
