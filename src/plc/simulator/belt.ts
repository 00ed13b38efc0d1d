import { between, type Random } from "../../simulator/draws.ts";

/** From `fromMs` on the belt runs at this speed, until the next stretch begins. */
export interface Stretch {
  readonly fromMs: number;
  /** 0: it stands. */
  readonly speedMmPerS: number;
}

/** How a belt runs: stretches in the order of time, the first from 0, the last one never ending. */
export type Motion = readonly Stretch[];

/** How far the belt has run by `ms`, in mm. */
export function travelledMm(motion: Motion, ms: number): number {
  let mm = 0;
  for (const [index, { fromMs, speedMmPerS }] of motion.entries()) {
    if (ms <= fromMs) break;
    const untilMs = Math.min(ms, motion[index + 1]?.fromMs ?? Infinity);
    mm += ((untilMs - fromMs) * speedMmPerS) / 1000;
  }
  return mm;
}

/** The first moment, in ms, at which the belt has run so far; Infinity if it never does. */
export function reachedMs(motion: Motion, mm: number): number {
  let done = 0;
  for (const [index, { fromMs, speedMmPerS }] of motion.entries()) {
    const untilMs = motion[index + 1]?.fromMs ?? Infinity;
    const stretch = speedMmPerS === 0 ? 0 : ((untilMs - fromMs) * speedMmPerS) / 1000;
    if (mm <= done) return fromMs;
    if (mm <= done + stretch) return Math.min(untilMs, fromMs + ((mm - done) * 1000) / speedMmPerS);
    done += stretch;
  }
  return Infinity;
}

/** A belt that runs at one speed. */
export function steadyMotion(speedMmPerS: number): Motion {
  return [{ fromMs: 0, speedMmPerS }];
}

/** A belt that now and then stands, or runs slower for a while; from `untilMs` on it runs at full speed. */
export function restlessMotion(speedMmPerS: number, untilMs: number, random: Random): Motion {
  const stretches: Stretch[] = [];
  let fromMs = 0;
  while (fromMs < untilMs) {
    stretches.push({ fromMs, speedMmPerS });
    fromMs += between(random, 2000, 6000);
    const stands = random() < 0.5;
    stretches.push({ fromMs, speedMmPerS: stands ? 0 : speedMmPerS * between(random, 0.3, 0.8) });
    fromMs += stands ? between(random, 300, 1500) : between(random, 1000, 3000);
  }
  stretches.push({ fromMs, speedMmPerS });
  return stretches;
}

/** Where parts lie on the belt, in mm before the first camera: about `spacingMm` apart, never closer than (1 − 2·jitter)·spacing. */
export function partPositions(
  options: {
    readonly parts: number;
    readonly spacingMm: number;
    /** Share of the spacing. */ readonly jitter: number;
  },
  random: Random,
): number[] {
  const { parts, spacingMm, jitter } = options;
  return Array.from(
    { length: parts },
    (_, part) => (part + 1 + between(random, -jitter, jitter)) * spacingMm,
  );
}
