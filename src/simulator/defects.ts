import type { Assembly } from "./assembly.ts";
import { PLATE } from "./assembly.ts";
import type { Shape, Stroke } from "./canvas.ts";
import { valueNoise } from "./noise.ts";

/** Kinds of defect that the rendered line makes; `truth.source` of a bad part. */
export const DEFECTS = ["scratch", "stain", "missing", "wrong", "dent", "chip"] as const;
export type Defect = (typeof DEFECTS)[number];

type Random = () => number;

/** Gives the part one defect of a kind, of random place, size and strength. */
export function spoil(assembly: Assembly, defect: Defect, random: Random): Assembly {
  switch (defect) {
    case "scratch":
      return { ...assembly, marks: scratch(random) };
    case "stain":
      return { ...assembly, marks: [stain(random)] };
    case "missing":
      return removePiece(assembly, random);
    case "wrong":
      return mountWrongPiece(assembly, random);
    case "dent":
      return { ...assembly, marks: dent(random) };
    case "chip":
      return { ...assembly, chips: [chip(random)] };
  }
}

const between = (random: Random, low: number, high: number): number => low + random() * (high - low);

/** A bent line of a tool: bright burr beside a dark groove. */
function scratch(random: Random): Stroke[] {
  const length = between(random, 34, 80);
  const angle = between(random, 0, Math.PI);
  const bend = between(random, -0.2, 0.2);
  const x = between(random, -60, 60);
  const y = between(random, -45, 45);
  const halfWidth = between(random, 0.7, 1.3);
  const cos = Math.cos(angle);
  const sin = Math.sin(angle);
  const line =
    (offset: number, width: number): Shape =>
    (u, v) => {
      const along = (u - x) * cos + (v - y) * sin;
      const position = (2 * along) / length;
      const across = (v - y) * cos - (u - x) * sin - bend * length * (position * position - 0.5) - offset;
      const taper = width * Math.max(0.25, 1 - position * position * 0.8);
      return Math.max(Math.abs(across) - taper, Math.abs(along) - length / 2);
    };
  const bounds = { x, y, halfWidth: length * 0.7, halfHeight: length * 0.7 };
  const opacity = between(random, 0.75, 1);
  return [
    { bounds, shape: line(1.2, halfWidth), paint: shift(60), opacity },
    { bounds, shape: line(0, halfWidth), paint: shift(-85), opacity },
  ];
}

/** Oil, flux or glue: an uneven blot that darkens and tints what it lies on. */
function stain(random: Random): Stroke {
  const radius = between(random, 8, 17);
  const x = between(random, -PLATE.halfWidth + 22, PLATE.halfWidth - 22);
  const y = between(random, -PLATE.halfHeight + 20, PLATE.halfHeight - 20);
  const seed = Math.floor(random() * 1e6);
  const tint = random() < 0.6 ? [0.62, 0.46, 0.28] : [0.36, 0.36, 0.4];
  const shape: Shape = (u, v) => {
    const right = u - x;
    const down = v - y;
    const uneven =
      0.35 * valueNoise(right / 7, down / 7, seed) + 0.15 * valueNoise(right / 2.5, down / 2.5, seed + 1);
    return Math.sqrt(right * right + down * down) - radius * (1 + uneven);
  };
  return {
    bounds: { x, y, halfWidth: radius * 1.6, halfHeight: radius * 1.6 },
    shape,
    paint: (_u, _v, out) => {
      for (let c = 0; c < 3; c++) out[c] = out[c]! * tint[c]! + 14;
    },
    opacity: between(random, 0.6, 0.95),
    softness: between(random, 1.5, 5),
  };
}

function removePiece(assembly: Assembly, random: Random): Assembly {
  const choice = random();
  if (choice < 0.35) {
    const gone = Math.floor(random() * assembly.screws.length);
    return {
      ...assembly,
      screws: assembly.screws.map((screw, i) => (i === gone ? { ...screw, kind: "missing" } : screw)),
    };
  }
  if (choice < 0.7) {
    const first = Math.floor(random() * assembly.pins.length);
    const last = first + Math.floor(random() * 2);
    return {
      ...assembly,
      pins: assembly.pins.map((pin, i) => (i >= first && i <= last ? { ...pin, kind: "missing" } : pin)),
    };
  }
  return choice < 0.88 ? { ...assembly, capacitor: null } : { ...assembly, label: null };
}

function mountWrongPiece(assembly: Assembly, random: Random): Assembly {
  const choice = random();
  if (choice < 0.25 && assembly.capacitor !== null) {
    const radius = random() < 0.5 ? 14 : 10;
    return { ...assembly, capacitor: { ...assembly.capacitor, radius, sleeve: [136, 48, 40] } };
  }
  if (choice < 0.45) {
    const other = Math.floor(random() * assembly.screws.length);
    return {
      ...assembly,
      screws: assembly.screws.map((screw, i) => (i === other ? { ...screw, kind: "brass" } : screw)),
    };
  }
  if (choice < 0.65 && assembly.label !== null) {
    const way = random() < 0.5 ? -1 : 1;
    const { x, y, angle } = assembly.label;
    return { ...assembly, label: { x: x + way * 3, y, angle: angle + way * between(random, 0.1, 0.2) } };
  }
  if (choice < 0.82) return { ...assembly, relay: { ...assembly.relay, reversed: true } };
  const bent = Math.floor(random() * assembly.pins.length);
  return { ...assembly, pins: assembly.pins.map((pin, i) => (i === bent ? { ...pin, kind: "bent" } : pin)) };
}

/** A knock in the free metal: light comes from the upper left, so that side of the hollow is dark and the other bright. */
function dent(random: Random): Stroke[] {
  const [x, y] = freeMetal(random);
  const radius = between(random, 6, 9.5);
  const strength = between(random, 70, 100);
  return [
    {
      bounds: { x, y, halfWidth: radius, halfHeight: radius },
      shape: (u, v) => Math.sqrt((u - x) * (u - x) + (v - y) * (v - y)) - radius,
      paint: (u, v, out) => {
        const slope = (u - x + 1.3 * (v - y)) / radius;
        for (let c = 0; c < 3; c++) out[c] = out[c]! + strength * slope;
      },
      softness: 3,
    },
  ];
}

/** A point of the plate that no piece covers. */
function freeMetal(random: Random): [number, number] {
  const places: [number, number, number, number][] = [
    [-80, -48, 80, -60], // above label and relay
    [-86, 12, 20, 22], // between label and connector
    [-64, 64, 30, 68], // below the connector
    [-84, -40, -76, 36], // left of the label
  ];
  const [left, top, right, bottom] = places[Math.floor(random() * places.length)] ?? [0, 0, 0, 0];
  return [between(random, left, right), between(random, top, bottom)];
}

/** A bite out of the plate's edge, with a broken outline. */
function chip(random: Random): Shape {
  const isTop = random() < 0.5;
  const x = between(random, -70, 70);
  const y = isTop ? -PLATE.halfHeight : PLATE.halfHeight;
  const width = between(random, 7, 13);
  const depth = between(random, 5, 8.5);
  const seed = Math.floor(random() * 1e6);
  return (u, v) => {
    const right = (u - x) / width;
    const down = (v - y) / depth;
    return (
      (Math.sqrt(right * right + down * down) - 1 + 0.25 * valueNoise(u / 3, v / 3, seed)) *
      Math.min(width, depth)
    );
  };
}

function shift(amount: number): Stroke["paint"] {
  return (_u, _v, out) => {
    for (let c = 0; c < 3; c++) out[c] = out[c]! + amount;
  };
}
