import type { LineView } from "../../domain/station-view.ts";
import { VISION_STATES } from "../../domain/station-view.ts";
import {
  encodeBits,
  encodeNumber,
  FAULT_CODES,
  MAP_VERSION,
  NO_VALUE,
  STATION_REGISTER_COUNT,
  STATION_REGISTERS,
  STATUS_BITS,
  type StationRegister,
} from "../register-map.ts";
import { shownFault } from "./faults.ts";
import type { HandshakeSettings, HandshakeState, LineInputs, NumberedResult } from "./handshake.ts";
import { hasRecipe, isReady } from "./triggers.ts";

/** Half a period of our heartbeat, ms. */
const HEARTBEAT_MS = 250;

/** Code of a line that waits for its next recipe. It ends by itself: to a PLC, Ready and RecipeReady are off, no fault. */
const CHANGE_OVER = "change-over";

/** What the handshake must know of a line. */
export function lineInputs(view: LineView): LineInputs {
  const { ready, fault, awaitsReset } = view;
  const isFaulty = fault !== null && fault.code !== CHANGE_OVER;
  return { ready, fault: isFaulty ? faultCode(fault.code) : 0, awaitsReset };
}

/** Number of a fault or warning; `other` for what has none. */
function faultCode(code: string): number {
  return Object.hasOwn(FAULT_CODES, code) ? FAULT_CODES[code as keyof typeof FAULT_CODES] : FAULT_CODES.other;
}

/** The input registers of this moment. @param now monotonic ms */
export function stationRegisters(
  state: HandshakeState,
  view: LineView,
  settings: HandshakeSettings,
  now: number,
): readonly number[] {
  const values: Partial<Record<StationRegister, number>> = {
    status: statusWord(state, view, settings, now),
    faultCode: shownFault(state, lineInputs(view)),
    resultNo: state.shownNo,
    ...resultValues(state.shown),
    resultsWaiting: state.waiting.length,
    recipeInUse: view.recipe.number,
    recipeError: state.recipe.error,
    warningCode: view.warnings[0] ? faultCode(view.warnings[0].code) : 0,
    configChecksum: checksum(view.configHash),
    ...totals(view),
    lostResults: state.lost,
    visionState: VISION_STATES[view.visionState],
    commandEcho: state.command.echo,
    commandError: state.command.error,
    mapVersion: MAP_VERSION,
  };
  const registers = new Array<number>(STATION_REGISTER_COUNT).fill(0);
  for (const [name, { address, type }] of Object.entries(STATION_REGISTERS)) {
    for (const [index, word] of encodeNumber(type, values[name as StationRegister] ?? 0).entries()) {
      registers[address + index] = word;
    }
  }
  return registers;
}

function statusWord(state: HandshakeState, view: LineView, settings: HandshakeSettings, now: number): number {
  const line = lineInputs(view);
  return encodeBits(STATUS_BITS, {
    ready: isReady(state, state.plc, line, settings),
    triggerAck: state.plc.control.trigger,
    busy: state.inFlight > 0 || view.busy,
    resultsValid: state.shown !== null,
    resultToggle: state.toggle,
    ...(state.shown && { [state.shown.bit]: true }),
    triggerMissed: state.triggerMissed,
    bufferOverrun: state.bufferOverrun,
    fault: shownFault(state, line) !== 0,
    warning: view.warnings.length > 0,
    recipeReady: hasRecipe(state) && view.fault?.code !== CHANGE_OVER,
    training: view.training,
    bypassActive: view.bypass,
    heartbeat: Math.floor(now / HEARTBEAT_MS) % 2 === 1,
  });
}

/** No result is shown: no verdict and no score either, lest an old one be taken for new. */
function resultValues(shown: NumberedResult | null): Partial<Record<StationRegister, number>> {
  if (shown === null) return { score: NO_VALUE, threshold: NO_VALUE };
  return {
    resultTag: shown.tag,
    verdict: shown.verdict,
    reason: shown.reason,
    score: milli(shown.score),
    threshold: milli(shown.threshold),
    totalTimeUs: shown.totalTimeUs,
    resultRecipe: shown.recipe,
  };
}

function milli(value: number | null): number {
  return value === null || Number.isNaN(value) ? NO_VALUE : value * 1000;
}

function totals({ totals: count, times }: LineView): Partial<Record<StationRegister, number>> {
  return {
    triggers: count.triggers,
    okCount: count.ok,
    ngCount: count.ng,
    warnCount: count.warn,
    errCount: count.err,
    lateCount: count.late,
    missedCount: count.missed,
    minMs: times.minMs ?? 0,
    meanMs: times.meanMs ?? 0,
    maxMs: times.maxMs ?? 0,
  };
}

/** The first 32 bits of a hexadecimal hash; of other texts, FNV-1a. */
function checksum(hash: string): number {
  if (/^[0-9a-f]{8}/i.test(hash)) return Number.parseInt(hash.slice(0, 8), 16);
  let sum = 0x811c9dc5;
  for (const byte of Buffer.from(hash)) sum = Math.imul(sum ^ byte, 0x01000193);
  return sum >>> 0;
}
