import type { Shape, Stroke } from "./canvas.ts";

/**
 * The product as data: a relay module on a brushed aluminium carrier, with four screws, a type label, a relay, an eight-pin
 * connector and a capacitor. All lengths in part units (see canvas.ts). A defect is a change of this data.
 */
export interface Assembly {
  /** Grain of the metal and small natural variation. */
  readonly textureSeed: number;
  readonly screws: readonly Screw[];
  readonly pins: readonly Pin[];
  readonly label: Label | null;
  readonly relay: Relay;
  readonly capacitor: Capacitor | null;
  /** Shapes broken out of the carrier plate. */
  readonly chips: readonly Shape[];
  /** Marks on top of everything: scratches, stains, dents. */
  readonly marks: readonly Stroke[];
}

export interface Screw {
  readonly x: number;
  readonly y: number;
  readonly kind: "steel" | "brass" | "missing";
  /** Where the driver left the cross, radians. */
  readonly turn: number;
}

export interface Pin {
  readonly x: number;
  readonly y: number;
  readonly kind: "gold" | "bent" | "missing";
}

export interface Label {
  readonly x: number;
  readonly y: number;
  /** Radians. */
  readonly angle: number;
}

export interface Relay {
  readonly x: number;
  readonly y: number;
  /** Put in the wrong way round. */
  readonly reversed: boolean;
}

export interface Capacitor {
  readonly x: number;
  readonly y: number;
  readonly radius: number;
  readonly sleeve: readonly [number, number, number];
}

export const PLATE = { x: 0, y: 0, halfWidth: 98, halfHeight: 78 } as const;
export const LABEL_SIZE = { width: 76, height: 44 } as const;
export const CONNECTOR = { x: -22, y: 44, halfWidth: 52, halfHeight: 14 } as const;
export const RELAY_HALF = { width: 25, height: 29 } as const;
export const SCREW_RADIUS = 8;

/** A part as it should be; only what a good line varies varies: screw turns, and labels by a fraction of a millimetre. */
export function goodAssembly(textureSeed: number, random: () => number): Assembly {
  const around = (spread: number): number => (random() * 2 - 1) * spread;
  const screws = [-1, 1].flatMap((y) =>
    [-1, 1].map((x): Screw => ({ x: x * 84, y: y * 64, kind: "steel", turn: random() * Math.PI })),
  );
  const pins = Array.from({ length: 8 }, (_, i): Pin => ({
    x: CONNECTOR.x - 42 + i * 12,
    y: CONNECTOR.y,
    kind: "gold",
  }));
  return {
    textureSeed,
    screws,
    pins,
    label: { x: -28 + around(0.7), y: -20 + around(0.7), angle: around(0.008) },
    relay: { x: 48 + around(0.4), y: -16 + around(0.4), reversed: false },
    capacitor: { x: 58, y: 44, radius: 14, sleeve: [38, 62, 128] },
    chips: [],
    marks: [],
  };
}
