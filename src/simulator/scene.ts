import type { Pose } from "./canvas.ts";
import { around, between, type Random } from "./draws.ts";

/** How far place, light and sensor drift on a good line of a product; each part draws its own values. */
export interface Conditions {
  /** Part units (see canvas.ts), each way. */
  readonly shift: number;
  /** Radians, each way; π: any angle. */
  readonly turn: number;
  /** Share of the exposure, each way. */
  readonly exposure: number;
  /** Change of light from the middle to an edge, share, each way. */
  readonly gradient: number;
  /** Share that red gains and blue loses, each way. */
  readonly warmth: number;
  /** Strength of sensor noise, grey levels, lowest and highest. */
  readonly noise: readonly [number, number];
  /** Sigma of the lens's blur, part units, lowest and highest; 0, 0: always sharp. */
  readonly blur: readonly [number, number];
}

/** How one part met the camera. */
export interface Scene {
  readonly pose: Pose;
  /** Where the ground (a belt, a mat) has moved to, part units 0..256. */
  readonly groundX: number;
  readonly groundY: number;
  readonly gain: number;
  readonly lightX: number;
  readonly lightY: number;
  readonly warmth: number;
  readonly noise: number;
  readonly noiseSeed: number;
  /** Sigma, part units. */
  readonly blur: number;
}

export function planScene(conditions: Conditions, random: Random, noiseSeed: number): Scene {
  const { shift, turn, exposure, gradient, warmth, noise, blur } = conditions;
  return {
    pose: { dx: around(random, shift), dy: around(random, shift), angle: around(random, turn) },
    groundX: random() * 256,
    groundY: random() * 256,
    gain: 1 + around(random, exposure),
    lightX: around(random, gradient),
    lightY: around(random, gradient),
    warmth: around(random, warmth),
    noise: between(random, ...noise),
    noiseSeed,
    blur: blur[1] === 0 ? 0 : between(random, ...blur), // no draw where it cannot matter: the default line's bytes stay
  };
}
