import type { WeightSpec } from "../../../graph/cost.ts";
import type { Weight, Weights } from "../../../graph/ops.ts";
import { createRandom, hashSeed, normal } from "../../../graph/random.ts";
import { uniformStart } from "../../shared/uniform-start.ts";
import { amplifierName, holdsKeys } from "./amplify-network.ts";

/**
 * First values of RAA's learned weights, as the published code has them: torch.nn.Conv2d's default, which starts tanh near
 * 0, and standard normal keys.
 * @param specs what `countCost(amplifierNetwork(…)).weights` lists; constants are left out
 */
export function initialAmplifier(specs: readonly WeightSpec[], seed: number): Weights {
  const keys = specs
    .filter(({ name }) => holdsKeys(name))
    .map(({ name, shape }): [string, Weight] => {
      const random = createRandom(hashSeed(seed, name));
      const length = shape.reduce((product, size) => product * size, 1);
      return [name, { shape, data: Float32Array.from({ length }, () => normal(random)) }];
    });
  return new Map([...uniformStart(specs, seed), ...keys]);
}

/**
 * How far the gate of a level may be trusted, from parts known to be good: 1 minus the mean over parts of the highest gate.
 * A gate that fires somewhere on every good part (a moving object, unseen lighting) gets 0 and the level stays vanilla.
 * Our own rule, not the paper's: it needs no defects and no synthetic pictures (accuracy.md, next steps (b)).
 * @param highest one value in 0..1 per held-out part   @returns 0..1; 0 without parts
 */
export function gateTrust(highest: readonly number[]): number {
  if (highest.length === 0) return 0;
  return 1 - highest.reduce((sum, value) => sum + value, 0) / highest.length;
}

/** The same weights with the gate of each level damped by its trust, 0..1 by level number. */
export function withTrust(weights: Weights, trust: ReadonlyMap<number, number>): Weights {
  const damped = [...trust].map(([level, value]): [string, Weight] => [
    `${amplifierName(level)}.trust`,
    { shape: [1], data: Float32Array.of(value) },
  ]);
  return new Map([...weights, ...damped]);
}
