import type { RejectConfig } from "../../config/reject-schema.ts";
import { InputError } from "../../domain/errors.ts";
import type { ActingWindow, Place } from "./conveyor.ts";
import type { Address, LineOptions } from "./line.ts";

/** A station's outputs to a PLC. */
export type ModbusReject = Extract<RejectConfig, { kind: "modbus" }>;

/** Pulses of the simulated encoder. */
const COUNTS_PER_MM = 10;
/** The cameras look at the belt this far behind its beginning, at least. */
const RUN_IN_MM = 20;

export interface PlanOptions {
  readonly station: Address;
  /** Of each camera, in the order of the configuration. */
  readonly rejects: readonly ModbusReject[];
  readonly speedMmPerS: number;
}

/**
 * The line that a station's configuration describes: all cameras before one ejector, each as far as the station believes it is; the
 * ejector lets a part pass while the output of every camera does.
 * @throws InputError if the cameras' outputs do not belong to one PLC
 */
export function planLine(
  options: PlanOptions,
): Pick<
  LineOptions,
  | "station"
  | "coils"
  | "energised"
  | "restingState"
  | "window"
  | "units"
  | "places"
  | "countsPerMm"
  | "speedMmPerS"
> {
  const { station, rejects, speedMmPerS } = options;
  const [first] = rejects;
  if (!first)
    throw new InputError("no-outputs", "The line has no camera with a Modbus output (reject.kind: modbus).");
  const kindOf = ({ host, port, energise, restingState, track }: ModbusReject): string =>
    JSON.stringify([host, port, energise, restingState, { ...track, distanceMs: 0, distanceCounts: 0 }]);
  if (rejects.some((reject) => kindOf(reject) !== kindOf(first))) {
    throw new InputError(
      "outputs-differ",
      "The simulated line is one PLC with one kind of ejector: host, port, energise, restingState and track (but for the distance) must be the same for all cameras.",
    );
  }
  const distances = rejects.map(({ track }) =>
    track.kind === "time" ? (track.distanceMs * speedMmPerS) / 1000 : track.distanceCounts / COUNTS_PER_MM,
  );
  const ejectorMm = Math.max(...distances) + RUN_IN_MM;
  return {
    station,
    coils: {
      host: first.host,
      port: first.port,
      ejectors: rejects.map(({ unit, coil, heartbeat }) => ({ unit, coil, heartbeat })),
    },
    energised: first.energise,
    restingState: first.restingState,
    window: actingWindow(first),
    units: rejects.map((_, camera) => camera + 1),
    places: distances.map((distance): Place => ({ cameraMm: ejectorMm - distance, ejectorMm })),
    countsPerMm: COUNTS_PER_MM,
    speedMmPerS,
  };
}

function actingWindow({ track }: ModbusReject): ActingWindow {
  if (track.kind === "time") return { kind: "time", leadMs: track.leadMs, pulseMs: track.pulseMs };
  return {
    kind: "way",
    leadMm: track.leadCounts / COUNTS_PER_MM,
    pulseMm: track.pulseCounts / COUNTS_PER_MM,
  };
}
