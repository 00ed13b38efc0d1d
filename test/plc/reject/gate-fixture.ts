import type { OutputFault, RejectOutput } from "../../../src/plc/outputs/reject-output.ts";
import { EncoderPosition } from "../../../src/plc/reject/encoder-position.ts";
import type { GateState } from "../../../src/plc/reject/passage.ts";
import { clockPosition } from "../../../src/plc/reject/position.ts";
import { RejectGate } from "../../../src/plc/reject/reject-gate.ts";
import type { EjectedPart, TrackerOptions } from "../../../src/plc/reject/tracker.ts";
import { FakeClock } from "./fake-clock.ts";

/** A wire that remembers when it was switched. */
export class RecordingOutput implements RejectOutput {
  fault: OutputFault | null = null;
  overtaken = 0;
  energised: boolean | null = null;
  stopped = false;
  readonly edges: { at: number; energised: boolean }[] = [];
  readonly #clock: FakeClock;

  constructor(clock: FakeClock) {
    this.#clock = clock;
  }

  start(): void {
    this.stopped = false;
  }

  set(energised: boolean): void {
    if (energised !== this.energised) this.edges.push({ at: this.#clock.now(), energised });
    this.energised = energised;
  }

  stop(): Promise<void> {
    this.stopped = true;
    return Promise.resolve();
  }
}

export interface TestGate {
  readonly gate: RejectGate;
  readonly clock: FakeClock;
  readonly output: RecordingOutput;
  readonly ejected: EjectedPart[];
  /** What the ejector does now. */
  readonly state: () => GateState;
}

export interface TestGateOptions extends Partial<Omit<TrackerOptions, "position">> {
  readonly encoder?: {
    readonly jumpCounts?: number;
    readonly maxCountsPerSecond?: number;
    readonly modulus?: number;
  };
  readonly energise?: GateState;
  /** Of the gate before a restart. */
  readonly clock?: FakeClock;
  /** Of the output, from the start. */
  readonly fault?: OutputFault;
}

/** A gate 100 units behind its camera that acts from 5 before to 15 after a part's arrival; energised means pass. */
export function createTestGate({
  encoder: encoderOptions,
  energise = "pass",
  clock = new FakeClock(),
  fault,
  ...track
}: TestGateOptions = {}): TestGate {
  const output = new RecordingOutput(clock);
  output.fault = fault ?? null;
  const ejected: EjectedPart[] = [];
  const encoder =
    encoderOptions === undefined
      ? null
      : new EncoderPosition({
          modulus: 2 ** 32,
          jumpCounts: 1000,
          maxCountsPerSecond: null,
          staleMs: 500,
          ...encoderOptions,
        });
  const gate = new RejectGate({
    track: {
      position: encoder ?? clockPosition,
      distance: 100,
      lead: 5,
      pulse: 15,
      resting: "reject",
      delayMs: 0,
      lateMs: 20,
      maxParts: 64,
      ...track,
    },
    encoder,
    output,
    energise,
    clock,
    isoNow: () => "2026-01-01T00:00:00.000Z",
    onEjected: (part) => ejected.push(part),
    onFault: () => undefined,
  });
  gate.start();
  return {
    gate,
    clock,
    output,
    ejected,
    state: () => (output.energised === (energise === "pass") ? "pass" : "reject"),
  };
}
