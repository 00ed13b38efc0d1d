import { reachedMs, travelledMm, type Motion } from "./belt.ts";

/** Where a camera looks at the belt, and where its ejector takes parts off; mm from where the belt begins. */
export interface Place {
  readonly cameraMm: number;
  /** Behind its camera. */
  readonly ejectorMm: number;
}

/** While the ejector should act on a part: before and after its middle is in front, by time or by the way of the belt. */
export type ActingWindow =
  | { readonly kind: "time"; readonly leadMs: number; readonly pulseMs: number }
  | { readonly kind: "way"; readonly leadMm: number; readonly pulseMm: number };

export interface ConveyorShape {
  readonly motion: Motion;
  /** How far each part lies before the beginning of the belt, ascending. */
  readonly partsMm: readonly number[];
  /** Length of a part along the belt. */
  readonly partMm: number;
  readonly places: readonly Place[];
  readonly window: ActingWindow;
}

/** What a part meets on its way. `camera` counts from 0; times are ms of the belt's clock. */
export type ConveyorEvent =
  | { readonly kind: "at-camera"; readonly part: number; readonly camera: number; readonly at: number }
  | ({ readonly kind: "past-ejector"; readonly camera: number } & Passage);

/** A part in front of an ejector. */
export interface Passage {
  readonly part: number;
  /** It is there … */
  readonly fromMs: number;
  readonly untilMs: number;
  /** … and the ejector should act on it. */
  readonly actFromMs: number;
  readonly actUntilMs: number;
}

/**
 * Parts on a belt with cameras and ejectors: says what happens when, on a clock that the caller moves. A part lies where the
 * belt is when its photo-eye is read, so that a clock that is read late shifts the part and not the truth about it.
 */
export class Conveyor {
  readonly #shape: ConveyorShape;
  /** The next part of each camera. */
  readonly #next: number[];
  /** Parts between each camera and its ejector, oldest first. */
  readonly #between: Passage[][];
  readonly #ejected = new Set<number>();
  #fed: number;

  constructor(shape: ConveyorShape) {
    this.#shape = shape;
    this.#next = shape.places.map(() => 0);
    this.#between = shape.places.map(() => []);
    this.#fed = shape.partsMm.length;
  }

  /** When something happens next, ms; null once every part has left the belt. */
  get nextMs(): number | null {
    const moments = this.#shape.places.flatMap((_, camera) => [
      this.#cameraMs(camera),
      this.#between[camera]?.[0]?.untilMs ?? Infinity,
    ]);
    const next = Math.min(...moments);
    return next === Infinity ? null : next;
  }

  /** The next thing that has happened by `nowMs`, or null; call it until then. */
  take(nowMs: number): ConveyorEvent | null {
    let first: { readonly at: number; readonly take: () => ConveyorEvent } | null = null;
    for (const camera of this.#shape.places.keys()) {
      const head = this.#between[camera]?.[0];
      if (head && head.untilMs <= Math.min(nowMs, first?.at ?? Infinity))
        first = { at: head.untilMs, take: () => this.#passEjector(camera, head) };
      const at = this.#cameraMs(camera);
      if (at <= nowMs && at < (first?.at ?? Infinity))
        first = { at, take: () => this.#passCamera(camera, nowMs) };
    }
    return first?.take() ?? null;
  }

  /** Takes a part off the belt: the cameras behind do not see it. */
  eject(part: number): void {
    this.#ejected.add(part);
  }

  /** No part comes after those that have reached the first camera. */
  endFeed(): void {
    this.#fed = Math.min(this.#fed, this.#next[0]!);
  }

  #cameraMs(camera: number): number {
    const { motion, partsMm, places } = this.#shape;
    while (this.#ejected.has(this.#next[camera]!)) this.#next[camera]! += 1;
    const part = this.#next[camera]!;
    return part >= this.#fed ? Infinity : reachedMs(motion, partsMm[part]! + places[camera]!.cameraMm);
  }

  #passCamera(camera: number, nowMs: number): ConveyorEvent {
    const { motion, places } = this.#shape;
    const part = this.#next[camera]!;
    this.#next[camera]! += 1;
    const { cameraMm, ejectorMm } = places[camera]!;
    this.#between[camera]!.push(this.#passage(part, travelledMm(motion, nowMs) + ejectorMm - cameraMm));
    return { kind: "at-camera", part, camera, at: nowMs };
  }

  #passage(part: number, middleMm: number): Passage {
    const { motion, partMm, window } = this.#shape;
    const when = (mm: number): number => reachedMs(motion, middleMm + mm);
    const acting =
      window.kind === "way"
        ? { actFromMs: when(-window.leadMm), actUntilMs: when(window.pulseMm) }
        : { actFromMs: when(0) - window.leadMs, actUntilMs: when(0) + window.pulseMs };
    return { part, fromMs: when(-partMm / 2), untilMs: when(partMm / 2), ...acting };
  }

  #passEjector(camera: number, passage: Passage): ConveyorEvent {
    this.#between[camera]!.shift();
    return { kind: "past-ejector", camera, ...passage };
  }
}
