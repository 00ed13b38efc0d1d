import type { GdpBuffer } from "./gdp.ts";

const WINDOW_MS = 10_000;
/** More frames than this cannot be lost before a camera counts as stalled: its numbers have begun anew. */
const MOST_LOST = 1000;

/**
 * Monotonic capture time from PTS: arrival minus PTS is base plus latency, so its minimum is the best base. It is taken at
 * the first frame, lowered at once (no frame is captured after it arrived), and renewed from each 10 s window, so that a
 * camera clock that drifts does not age its frames. Time stamps that go backwards begin anew: the camera was reset.
 */
export class PtsClock {
  #baseMs: number | null = null;
  #lastPtsMs = -Infinity;
  #windowMinMs = Infinity;
  #windowStartMs = 0;

  /** @returns when the frame was captured on the clock of `arrivedMs`, never later than it */
  capturedAt(ptsNs: number, arrivedMs: number): number {
    const ptsMs = ptsNs / 1e6;
    const offset = arrivedMs - ptsMs;
    if (ptsMs < this.#lastPtsMs) this.reset();
    this.#lastPtsMs = ptsMs;
    if (this.#baseMs === null) this.#startWindow(arrivedMs);
    this.#baseMs = Math.min(this.#baseMs ?? offset, offset);
    this.#windowMinMs = Math.min(this.#windowMinMs, offset);
    if (arrivedMs - this.#windowStartMs >= WINDOW_MS) {
      this.#baseMs = this.#windowMinMs;
      this.#startWindow(arrivedMs);
    }
    return this.#baseMs + ptsMs;
  }

  /** The pipeline was restarted: PTS begins again. */
  reset(): void {
    this.#baseMs = null;
    this.#lastPtsMs = -Infinity;
  }

  #startWindow(nowMs: number): void {
    this.#windowMinMs = Infinity;
    this.#windowStartMs = nowMs;
  }
}

/** Counts frames as the camera sent them: by the source's own numbers, else by PTS and duration, else one by one. */
export class FrameCounter {
  #next: number;
  #last: GdpBuffer | null = null;

  constructor(first: number) {
    this.#next = first;
  }

  /** @returns the frame's number; a jump means lost frames */
  count(buffer: GdpBuffer): number {
    const counter = this.#next + (this.#last === null ? 0 : lostBetween(this.#last, buffer));
    this.#next = counter + 1;
    this.#last = buffer;
    return counter;
  }

  /** The pipeline was restarted: how many were lost is unknown, counting goes on. */
  reset(): void {
    this.#last = null;
  }
}

/** Frames lost between two buffers that arrived one after the other. */
function lostBetween(last: GdpBuffer, next: GdpBuffer): number {
  const lost = gapBetween(last, next);
  return lost > MOST_LOST ? 0 : lost;
}

function gapBetween(last: GdpBuffer, next: GdpBuffer): number {
  if (last.offset !== null && next.offset !== null && next.offset > last.offset)
    return next.offset - last.offset - 1;
  if (last.ptsNs === null || next.ptsNs === null || last.durationNs === null || last.durationNs === 0)
    return 0;
  return Math.max(0, Math.round((next.ptsNs - last.ptsNs) / last.durationNs) - 1);
}
