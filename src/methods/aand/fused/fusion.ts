import { imageAuroc } from "../../../evaluation/auroc.ts";
import { momentsOf } from "../../../evaluation/moments.ts";
import type { MapName } from "./fused-network.ts";

/** Of one map: its highest value on each held-out picture. */
export interface Spread {
  readonly normals: readonly number[];
  /** Synthetic anomalies made on held-out good parts; empty where nobody asks for them (`weighsAnomalies`). */
  readonly anomalies: readonly number[];
}

/** Whether the trust in a map depends on synthetic anomalies: where a student and a bank are to be weighed against each other. */
export function weighsAnomalies(maps: readonly MapName[], trust: "measured" | "full"): boolean {
  return trust === "measured" && maps.includes("distance") && maps.includes("nearest");
}

/** How the maps become one: Σ scale · map + offset. */
export interface Fusion {
  readonly scales: ReadonlyMap<MapName, number>;
  /** Of the map of wide areas counts only what exceeds this; null: there is no such map. */
  readonly wideFloor: number | null;
  readonly offset: number;
  /** 0..1 by map: 1 counts in full. */
  readonly trust: ReadonlyMap<MapName, number>;
}

/**
 * Deviations between the highest gates of good parts and 1, its ceiling: at `NONE` or fewer the gate cannot say anything about a
 * part that it does not also say about good ones; at `FULL` it is trusted as the other maps are. On eight unlike products
 * it was 5 to 12.
 */
const NONE = 1;
const FULL = 4;

/**
 * How much the map of wide areas counts once it exceeds what good parts reach. More finds more of them and costs a little
 * elsewhere: measured 1, 1.5, 2 and 3 (docs/accuracy.md).
 */
const WIDE_WEIGHT = 2;

/**
 * Every map in standard deviations of its highest values on held-out good parts, which makes them comparable, then added:
 * - the gate, which cannot exceed 1, counts by the room that good parts leave it: an object that moves in ways it takes for
 *   anomalies leaves little. Synthetic anomalies cannot tell, it has learned from them (accuracy.md);
 * - the nearer of student and bank to telling synthetic anomalies from good parts, which neither has learned, counts in full,
 *   the bank less where the student is better: by the square of the ratio of their distances d' (signal detection theory).
 * - the map of wide areas, trusted as the gate is, only by what exceeds the mean of good parts: where there is no such area it adds
 *   nothing, not even noise.
 * A map that is alone counts in full: it is all that there is. No real defect is looked at. Measured on eight products (docs/accuracy.md): mean image AUROC .938 unweighed, .941 weighed.
 * @param trust `full`: every map counts in full
 */
export function fuse(spreads: ReadonlyMap<MapName, Spread>, trust: "measured" | "full"): Fusion {
  const scales = new Map<MapName, number>();
  const trusted = new Map<MapName, number>();
  let offset = 0;
  let wideFloor: number | null = null;
  for (const [name, { normals }] of spreads) {
    const { mean, deviation: measured } = momentsOf(normals);
    const deviation = Math.max(measured, 0.01 * Math.abs(mean), 1e-6); // parts that are all alike must not make a map infinite
    const weight = trust === "full" ? 1 : trustIn(name, spreads, (1 - mean) / deviation);
    trusted.set(name, weight);
    if (name === "wide") {
      scales.set(name, (WIDE_WEIGHT * weight) / deviation);
      wideFloor = mean;
    } else {
      scales.set(name, weight / deviation);
      offset -= (weight * mean) / deviation;
    }
  }
  return { scales, offset, wideFloor, trust: trusted };
}

/** @param room above good parts, in their deviations, for a map whose ceiling is 1 */
function trustIn(name: MapName, spreads: ReadonlyMap<MapName, Spread>, room: number): number {
  if (spreads.size === 1) return 1;
  if (name === "gate" || name === "wide") return clamp((room - NONE) / (FULL - NONE));
  const student = spreads.get("distance");
  const bank = spreads.get("nearest");
  if (name !== "nearest" || !student || !bank) return 1;
  const [ofStudent, ofBank] = [student, bank].map(detectability);
  return ofStudent! > ofBank! ? clamp(ofBank! / ofStudent!) ** 2 : 1;
}

const clamp = (value: number): number => Math.min(Math.max(value, 0), 1);

/** AUROC's that count as certain: d' would grow without end. */
const CERTAIN = 0.995;

/** d' = √2 · Φ⁻¹(AUROC): how far anomalies lie from good parts, in deviations. 0 if they cannot be told apart. */
function detectability({ normals, anomalies }: Spread): number {
  const isAnomaly = [...normals.map(() => false), ...anomalies.map(() => true)];
  const auroc = imageAuroc([...normals, ...anomalies], isAnomaly) ?? 0.5;
  return Math.SQRT2 * normalQuantile(Math.min(Math.max(auroc, 0.5), CERTAIN));
}

/** Φ⁻¹ for 0.5..0.999 by bisection of a closed form of Φ (Abramowitz & Stegun 26.2.17, error < 7.5e-8). */
function normalQuantile(share: number): number {
  let [low, high] = [0, 4];
  for (let i = 0; i < 40; i += 1) {
    const middle = (low + high) / 2;
    if (normalShare(middle) < share) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

const TERMS = [0.31938153, -0.356563782, 1.781477937, -1.821255978, 1.330274429];

/** Φ(x), x ≥ 0 */
function normalShare(x: number): number {
  const t = 1 / (1 + 0.2316419 * x);
  const series = TERMS.reduceRight((sum, term) => (sum + term) * t, 0);
  return 1 - (Math.exp(-(x ** 2) / 2) / Math.sqrt(2 * Math.PI)) * series;
}

/** For the report. */
export function fusionWords({ trust }: Fusion): string {
  const words = [...trust].map(([name, weight]) => `${WORDS[name]} ${Math.round(100 * weight)} %`);
  return `trusted, from good parts alone: ${words.join(", ")}`;
}

const WORDS: Readonly<Record<MapName, string>> = {
  gate: "gate",
  wide: "wide areas",
  distance: "student",
  nearest: "bank",
};
