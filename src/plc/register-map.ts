import type { Inspection, Reason, Verdict } from "../domain/inspection.ts";

/**
 * What a PLC sees of one camera over Modbus TCP: every bit and register, once, as data. The server, the simulated PLC and
 * docs/plc.md are made from it. Bits and sequence: Cognex In-Sight (acquisition and inspection control/status), Keyence IV
 * (result number, remaining buffers, checksum).
 *
 * Unit n is camera n in the order of the configuration; units 0 and 255 are camera 1. Addresses are those on the wire, from 0
 * (a PLC that counts from 1 adds 40001 or 30001). Values of 32 bits take two registers, high word first; bytes are
 * big-endian as Modbus has them (Application Protocol V1.1b3 §4.2).
 */

/** Bits of the control word: holding register 0; each is also the coil of its number. Bits 8 to 14 are free. */
export const CONTROL_BITS = {
  triggerEnable: 0,
  trigger: 1,
  resultsAck: 2,
  bufferEnable: 3,
  faultReset: 4,
  recipeStrobe: 5,
  bypass: 6,
  countersReset: 7,
  plcHeartbeat: 15,
} as const;
export type ControlBit = keyof typeof CONTROL_BITS;

/** Bits of the status word: input register 0; each is also the discrete input of its number. */
export const STATUS_BITS = {
  ready: 0,
  triggerAck: 1,
  busy: 2,
  resultsValid: 3,
  resultToggle: 4,
  ok: 5,
  ng: 6,
  err: 7,
  triggerMissed: 8,
  bufferOverrun: 9,
  fault: 10,
  warning: 11,
  recipeReady: 12,
  training: 13,
  bypassActive: 14,
  heartbeat: 15,
} as const;
export type StatusBit = keyof typeof STATUS_BITS;

export type RegisterType = "uint16" | "uint32" | "int32" | "ascii";

/** One value: where it is, how it is coded, what it says. `words`: registers of an `ascii` value, two characters each. */
export interface Register {
  readonly address: number;
  readonly type: RegisterType;
  readonly words?: number;
  readonly text: string;
}

/** Holding registers: the PLC writes, and may read back. A request that writes several takes effect as a whole. */
export const PLC_REGISTERS = {
  control: { address: 0, type: "uint16", text: "the control word" },
  triggerTag: {
    address: 1,
    type: "uint16",
    text: "number of the part, echoed with its result; set before or together with Trigger",
  },
  recipeNumber: { address: 2, type: "uint16", text: "recipe that RecipeStrobe or PrepareRecipe selects" },
  bypassKey: { address: 3, type: "uint16", text: "Bypass holds only while this is the configured key" },
  encoder: {
    address: 4,
    type: "uint32",
    text: "counts of the conveyor's encoder; write both registers in one request, or the low one last",
  },
  command: { address: 6, type: "uint16", text: "command by number, in place of the control bits" },
  reserved: { address: 7, type: "uint16", text: "free" },
  partId: {
    address: 8,
    type: "ascii",
    words: 16,
    text: "part id, two characters a register, high byte first, ended by 0; empty: none",
  },
} as const satisfies Record<string, Register>;

/** Input registers: the station writes. One request sees one moment, so read 0 to 19 at once for a result. */
export const STATION_REGISTERS = {
  status: { address: 0, type: "uint16", text: "the status word" },
  faultCode: { address: 1, type: "uint16", text: "what the Fault bit means; 0: nothing" },
  resultNo: {
    address: 2,
    type: "uint32",
    text: "number of the newest result shown; every result counts 1, so a jump tells lost ones; wraps",
  },
  resultTag: { address: 4, type: "uint16", text: "trigger tag of this result; 0: not triggered by the PLC" },
  verdict: { address: 5, type: "uint16", text: "verdict of this result; 0: no result is shown" },
  reason: { address: 6, type: "uint16", text: "why the verdict is what it is" },
  resultsWaiting: { address: 7, type: "uint16", text: "further results in the buffer, behind this one" },
  score: { address: 8, type: "int32", text: "anomaly score × 1000; -2147483648: none" },
  threshold: { address: 10, type: "int32", text: "threshold × 1000; -2147483648: none" },
  totalTimeUs: { address: 12, type: "uint32", text: "trigger to verdict of this part, µs" },
  resultRecipe: { address: 14, type: "uint16", text: "recipe number this result was judged by" },
  recipeInUse: { address: 15, type: "uint16", text: "recipe number of the next part" },
  recipeError: { address: 16, type: "uint16", text: "why the recipe asked for is not in use" },
  warningCode: { address: 17, type: "uint16", text: "what the Warning bit means; 0: nothing" },
  configChecksum: { address: 18, type: "uint32", text: "checksum of all settings: shows any change" },
  triggers: {
    address: 20,
    type: "uint32",
    text: "parts since CountersReset; the counts follow a result within moments",
  },
  okCount: { address: 22, type: "uint32", text: "of them OK" },
  ngCount: { address: 24, type: "uint32", text: "of them NG" },
  warnCount: { address: 26, type: "uint32", text: "of them WARN" },
  errCount: { address: 28, type: "uint32", text: "of them ERR" },
  lateCount: { address: 30, type: "uint32", text: "of the ERR: no verdict by the deadline" },
  missedCount: { address: 32, type: "uint32", text: "of the ERR: triggered while not Ready" },
  lostResults: {
    address: 34,
    type: "uint32",
    text: "results that were never acknowledged: overwritten, or dropped from a full buffer",
  },
  minMs: { address: 36, type: "uint16", text: "trigger to verdict, shortest of the newest parts, ms" },
  meanMs: { address: 37, type: "uint16", text: "their mean, ms" },
  maxMs: { address: 38, type: "uint16", text: "their longest, ms" },
  visionState: { address: 39, type: "uint16", text: "state number of OPC 40100-1" },
  commandEcho: { address: 40, type: "uint16", text: "the command, once it is done or refused" },
  commandError: { address: 41, type: "uint16", text: "why the command was refused; 0: it was done" },
  mapVersion: { address: 42, type: "uint16", text: "version of this map" },
} as const satisfies Record<string, Register>;
export type StationRegister = keyof typeof STATION_REGISTERS;

/** Changes with any change of an address or meaning. */
export const MAP_VERSION = 1;
export const PLC_REGISTER_COUNT = 24;
export const STATION_REGISTER_COUNT = 43;
/** Value of `score` and `threshold` where there is none. */
export const NO_VALUE = -(2 ** 31);

export const VERDICT_CODES = { OK: 1, NG: 2, WARN: 3, ERR: 4 } as const satisfies Record<Verdict, number>;

export const REASON_CODES = {
  score: 1,
  late: 2,
  no_frame: 3,
  stale_frame: 4,
  image_quality: 5,
  model_error: 6,
  not_ready: 7,
  overrun: 8,
  manual: 9,
} as const satisfies Record<Reason, number>;

/** Numbers of faults and warnings; those that are not here are `other`: their words are on MQTT. */
export const FAULT_CODES = {
  "plc-heartbeat": 1,
  "no-model": 2,
  "camera-opening": 10,
  "camera-stalled": 11,
  "camera-frozen": 12,
  "camera-ended": 13,
  "camera-failed": 14,
  "output-unreachable": 20,
  "output-refused": 21,
  "output-hung": 22,
  "output-late": 23,
  "reject-full": 24,
  "reject-missed": 25,
  "encoder-stale": 26,
  "encoder-jump": 27,
  "ng-streak": 30,
  "err-streak": 31,
  "ng-rate": 32,
  "mqtt-unreachable": 40,
  "disk-full": 50,
  "disk-error": 51,
  other: 255,
} as const;

/** 0: the recipe asked for is in use, or none was asked for. */
export const RECIPE_ERRORS = { none: 0, unknownNumber: 1, notLoaded: 2 } as const;

/** Commands of MVTec MERLIC's PLC vocabulary: write one to `command`, wait for its echo, write `None`, wait for 0. */
export const COMMANDS = {
  None: 0,
  SelectModeAutomatic: 1,
  PrepareRecipe: 2,
  UnprepareRecipe: 3,
  StartSingleJob: 4,
  StartContinuous: 5,
  Halt: 6,
  Reset: 7,
  Stop: 8,
  Abort: 9,
  DequeueResult: 10,
  AcknowledgeError: 11,
} as const;
export type Command = keyof typeof COMMANDS;

export const COMMAND_ERRORS = { none: 0, notReady: 1, unknownRecipe: 2, failed: 3 } as const;

/** Registers that a value takes. */
export function wordsOf(register: Register): number {
  if (register.type === "ascii") return register.words ?? 1;
  return register.type === "uint16" ? 1 : 2;
}

/** The number at a register; `registers[0]` is the one of address `from`. */
export function decodeNumber(registers: readonly number[], register: Register, from = 0): number {
  const at = register.address - from;
  const high = registers[at] ?? 0;
  if (register.type === "uint16") return high;
  const value = high * 0x1_0000 + (registers[at + 1] ?? 0);
  return register.type === "int32" ? value | 0 : value;
}

/** The words of a number. Too large or small for the type: the nearest that fits; no number: 0. */
export function encodeNumber(type: Exclude<RegisterType, "ascii">, value: number): readonly number[] {
  const whole = Number.isNaN(value) ? 0 : Math.round(value);
  if (type === "uint16") return [Math.min(Math.max(whole, 0), 0xffff)];
  const low = type === "int32" ? -(2 ** 31) : 0;
  const high = type === "int32" ? 2 ** 31 - 1 : 2 ** 32 - 1;
  const bits = Math.min(Math.max(whole, low), high) >>> 0;
  return [bits >>> 16, bits & 0xffff];
}

/** Two characters a register, high byte first, up to the first 0. */
export function decodeText(registers: readonly number[], register: Register, from = 0): string {
  const at = register.address - from;
  const bytes = registers.slice(at, at + wordsOf(register)).flatMap((word) => [word >> 8, word & 0xff]);
  const end = bytes.indexOf(0);
  return String.fromCharCode(...(end === -1 ? bytes : bytes.slice(0, end)));
}

/** The words of a text of ASCII characters, filled up with 0; what is too long is cut. */
export function encodeText(register: Register, text: string): readonly number[] {
  return Array.from(
    { length: wordsOf(register) },
    (_, word) => (byteAt(text, 2 * word) << 8) | byteAt(text, 2 * word + 1),
  );
}

function byteAt(text: string, at: number): number {
  return at < text.length ? text.charCodeAt(at) & 0xff : 0;
}

/** A word with these of its bits set. */
export function encodeBits<Bit extends string>(
  places: Readonly<Record<Bit, number>>,
  bits: Partial<Record<Bit, boolean>>,
): number {
  let word = 0;
  for (const bit of Object.keys(bits) as Bit[]) if (bits[bit]) word |= 1 << places[bit];
  return word;
}

/** What each named bit of a word is. */
export function decodeBits<Bit extends string>(
  places: Readonly<Record<Bit, number>>,
  word: number,
): Readonly<Record<Bit, boolean>> {
  const bits = Object.entries<number>(places).map(([bit, place]) => [bit, ((word >> place) & 1) === 1]);
  return Object.fromEntries(bits) as Record<Bit, boolean>;
}

/** Which one of OK, NG and ERR shows a result. OK is set for a proven pass alone: WARN counts by what was done. */
export function verdictBit(result: Pick<Inspection, "verdict" | "action">): "ok" | "ng" | "err" {
  if (result.verdict === "ERR") return "err";
  return result.action === "pass" && result.verdict !== "NG" ? "ok" : "ng";
}
