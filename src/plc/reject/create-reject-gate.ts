import type { RejectConfig, TrackConfig, TrackedRejectConfig } from "../../config/reject-schema.ts";
import { DisplayOutput } from "../outputs/display-output.ts";
import { GpioOutput } from "../outputs/gpio-output.ts";
import { ModbusCoilOutput } from "../outputs/modbus-coil-output.ts";
import type { OutputEvents, RejectOutput } from "../outputs/reject-output.ts";
import { EncoderPosition } from "./encoder-position.ts";
import { clockPosition } from "./position.ts";
import { realClock, type Clock } from "./precise-timer.ts";
import { RejectGate } from "./reject-gate.ts";
import type { EjectedPart } from "./tracker.ts";

export interface RejectGateEvents {
  /** A part has left the ejector. */
  readonly onEjected: (part: EjectedPart) => void;
  /** The gate's faults have changed: look at `status`. */
  readonly onFault: () => void;
}

/** The ejector of one camera as configured; null: none. @param clock for tests */
export function createRejectGate(
  config: RejectConfig,
  events: RejectGateEvents,
  clock: Clock = realClock,
): RejectGate | null {
  if (config.kind === "none") return null;
  const { track, restingState, energise, delayMs, lateMs, maxParts } = config;
  const encoder = track.kind === "encoder" ? encoderPosition(track) : null;
  const output = createOutput(config, clock, {
    onFault: () => {
      gate.outputChanged();
    },
  });
  const gate: RejectGate = new RejectGate({
    track: {
      position: encoder ?? clockPosition,
      ...stretchOf(track),
      resting: restingState,
      delayMs,
      lateMs,
      maxParts,
    },
    encoder,
    output,
    energise,
    clock,
    isoNow: () => new Date().toISOString(),
    ...events,
  });
  return gate;
}

function createOutput(config: TrackedRejectConfig, clock: Clock, events: OutputEvents): RejectOutput {
  switch (config.kind) {
    case "display":
      return new DisplayOutput();
    case "gpio":
      return new GpioOutput({ ...config, ...events, clock });
    case "modbus":
      return new ModbusCoilOutput({ ...config, ...events, clock });
  }
}

function encoderPosition(track: Extract<TrackConfig, { kind: "encoder" }>): EncoderPosition {
  const { modulus, maxCountsPerSecond, staleMs, distanceCounts } = track;
  return new EncoderPosition({ modulus, maxCountsPerSecond, staleMs, jumpCounts: distanceCounts });
}

function stretchOf(track: TrackConfig): { distance: number; lead: number; pulse: number } {
  return track.kind === "time"
    ? { distance: track.distanceMs, lead: track.leadMs, pulse: track.pulseMs }
    : { distance: track.distanceCounts, lead: track.leadCounts, pulse: track.pulseCounts };
}
