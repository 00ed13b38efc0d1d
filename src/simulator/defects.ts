import type { Assembly } from "./assembly.ts";
import { PLATE } from "./assembly.ts";
import type { Shape, Stroke } from "./canvas.ts";
import { between, type Random } from "./draws.ts";
import { blot, hollow, scratchMarks } from "./marks.ts";
import { valueNoise } from "./noise.ts";

/** Kinds of defect that the rendered line makes; `truth.source` of a bad part. */
export const DEFECTS = ["scratch", "stain", "missing", "wrong", "dent", "chip"] as const;
export type Defect = (typeof DEFECTS)[number];

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

/** A bent line of a tool: bright burr beside a dark groove. */
function scratch(random: Random): Stroke[] {
  const length = between(random, 34, 80);
  const angle = between(random, 0, Math.PI);
  const bend = between(random, -0.2, 0.2);
  const x = between(random, -60, 60);
  const y = between(random, -45, 45);
  const halfWidth = between(random, 0.7, 1.3);
  return scratchMarks({ x, y, length, angle, bend, halfWidth }, 60, -85, between(random, 0.75, 1));
}

/** Oil, flux or glue: an uneven blot that darkens and tints what it lies on. */
function stain(random: Random): Stroke {
  const radius = between(random, 8, 17);
  const x = between(random, -PLATE.halfWidth + 22, PLATE.halfWidth - 22);
  const y = between(random, -PLATE.halfHeight + 20, PLATE.halfHeight - 20);
  const seed = Math.floor(random() * 1e6);
  const tint = random() < 0.6 ? [0.62, 0.46, 0.28] : [0.36, 0.36, 0.4];
  const paint: Stroke["paint"] = (_u, _v, out) => {
    for (let c = 0; c < 3; c++) out[c] = out[c]! * tint[c]! + 14;
  };
  const opacity = between(random, 0.6, 0.95);
  return blot({ x, y }, radius, { seed, paint, opacity, softness: between(random, 1.5, 5) });
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

/** A knock in the free metal. */
function dent(random: Random): Stroke[] {
  const [x, y] = freeMetal(random);
  const radius = between(random, 6, 9.5);
  return [hollow({ x, y }, radius, between(random, 70, 100))];
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
