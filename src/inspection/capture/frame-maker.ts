import type { Frame } from "../../domain/inspection.ts";
import { FrameCounter, PtsClock } from "./frame-clock.ts";
import type { GdpBuffer } from "./gdp.ts";
import type { PicturePlayer } from "./picture-player.ts";
import type { OpenRequest } from "./protocol.ts";

/** Frames whose evidence can be asked for; the ring of JPEGs is shorter. */
const REMEMBERED = 64;

export interface FrameMakerOptions {
  readonly open: Pick<OpenRequest, "camera" | "size" | "firstCounter">;
  /** For simulated and folder cameras: it knows counter, time and truth of what it pushed. */
  readonly player: PicturePlayer | null;
  /** Monotonic ms. */
  readonly now: () => number;
  /** Epoch ms. */
  readonly wallClock: () => number;
}

/** Makes frames of buffers: number, capture time, truth; and remembers which JPEG belongs to which frame. */
export class FrameMaker {
  readonly #options: FrameMakerOptions;
  readonly #clock = new PtsClock();
  readonly #counter: FrameCounter;
  readonly #evidenceKeys = new Map<string, string>();
  #run = 0;

  constructor(options: FrameMakerOptions) {
    this.#options = options;
    this.#counter = new FrameCounter(options.open.firstCounter);
  }

  /** The pipeline is started (again): time stamps begin anew. */
  restart(): void {
    this.#run++;
    this.#clock.reset();
    this.#counter.reset();
  }

  /** @returns the frame and its monotonic capture time; null for a picture of the player's that was given up */
  make(buffer: GdpBuffer): { readonly frame: Frame; readonly capturedMs: number } | null {
    const { open, player, now, wallClock } = this.#options;
    const arrivedMs = now();
    const taken = this.#identify(buffer, arrivedMs);
    if (taken === null) return null;
    const { counter, capturedMs, clock, truth } = taken;
    const id = `${open.camera}-${counter}`;
    if (buffer.ptsNs !== null) this.#remember(id, this.evidenceKey(buffer.ptsNs));
    const capturedAt = wallClock() - (arrivedMs - capturedMs);
    const { camera, size } = open;
    const simulated = player !== null;
    return {
      frame: { id, camera, counter, capturedAt, clock, ...size, data: buffer.payload, simulated, truth },
      capturedMs,
    };
  }

  /** What frame and JPEG of one buffer share; PTS alone would repeat when a pipeline is restarted. */
  evidenceKey(ptsNs: number): string {
    return `${this.#run}/${ptsNs}`;
  }

  /** The key of a recent frame's JPEG. */
  evidenceKeyOf(frameId: string): string | undefined {
    return this.#evidenceKeys.get(frameId);
  }

  #identify(
    buffer: GdpBuffer,
    arrivedMs: number,
  ): (Pick<Frame, "counter" | "clock" | "truth"> & { capturedMs: number }) | null {
    const { player } = this.#options;
    if (player !== null) {
      const played = buffer.ptsNs === null ? undefined : player.played(buffer.ptsNs);
      return played === undefined ? null : { ...played, capturedMs: played.pushedMs, clock: "pts" };
    }
    const counter = this.#counter.count(buffer);
    if (buffer.ptsNs === null) return { counter, capturedMs: arrivedMs, clock: "arrival", truth: null };
    return {
      counter,
      capturedMs: this.#clock.capturedAt(buffer.ptsNs, arrivedMs),
      clock: "pts",
      truth: null,
    };
  }

  #remember(id: string, key: string): void {
    this.#evidenceKeys.set(id, key);
    for (const oldest of this.#evidenceKeys.keys()) {
      if (this.#evidenceKeys.size <= REMEMBERED) break;
      this.#evidenceKeys.delete(oldest);
    }
  }
}
