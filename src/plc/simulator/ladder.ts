import type { Reason, Verdict } from "../../domain/inspection.ts";
import {
  CONTROL_BITS,
  decodeBits,
  decodeNumber,
  encodeBits,
  REASON_CODES,
  STATION_REGISTERS,
  STATUS_BITS,
  VERDICT_CODES,
  type StatusBit,
} from "../register-map.ts";

/** A result as the PLC reads it. */
export interface Answer {
  /** The trigger's; 0: a part that the PLC did not ask for. */
  readonly tag: number;
  readonly resultNo: number;
  /** The OK bit: proven to be good. */
  readonly ok: boolean;
  /** null: a code that the map does not know. */
  readonly verdict: Verdict | null;
  readonly reason: Reason | null;
  /** Trigger to verdict as the station says it, ms. */
  readonly totalMs: number;
}

/** What one read of the status and result registers shows. */
export interface Seen {
  readonly status: Readonly<Record<StatusBit, boolean>>;
  readonly faultCode: number;
  readonly answer: Answer;
}

/** What the PLC's program keeps from one scan to the next: the bits that it sets. */
export interface LadderMemory {
  readonly trigger: boolean;
  readonly resultsAck: boolean;
  readonly faultReset: boolean;
  readonly plcHeartbeat: boolean;
  /** The result read last: the same one shown again, as after a broken connection, is not a new one. */
  readonly last: { readonly resultNo: number; readonly tag: number } | null;
}

export const LADDER_AT_REST: LadderMemory = {
  trigger: false,
  resultsAck: false,
  faultReset: false,
  plcHeartbeat: false,
  last: null,
};

/** Registers that one scan reads, from 0: a status and its result of one moment. */
export const SCANNED_REGISTERS = STATION_REGISTERS.triggers.address;

/** Reads the words of one scan. */
export function seenIn(words: readonly number[]): Seen {
  const status = decodeBits(STATUS_BITS, decodeNumber(words, STATION_REGISTERS.status));
  return {
    status,
    faultCode: decodeNumber(words, STATION_REGISTERS.faultCode),
    answer: {
      tag: decodeNumber(words, STATION_REGISTERS.resultTag),
      resultNo: decodeNumber(words, STATION_REGISTERS.resultNo),
      ok: status.ok,
      verdict: nameOf(VERDICT_CODES, decodeNumber(words, STATION_REGISTERS.verdict)),
      reason: nameOf(REASON_CODES, decodeNumber(words, STATION_REGISTERS.reason)),
      totalMs: decodeNumber(words, STATION_REGISTERS.totalTimeUs) / 1000,
    },
  };
}

/**
 * One scan of a polite PLC: Trigger falls once it is acknowledged, a valid result is read and acknowledged, the acknowledgement
 * falls once the result is withdrawn (interfaces.md §3.8, Cognex C2).
 * @returns `answer`: the result that this scan has read, if there is one
 */
export function scan(
  memory: LadderMemory,
  seen: Seen,
): { readonly memory: LadderMemory; readonly answer: Answer | null } {
  const { status, answer } = seen;
  const isKnown = memory.last?.resultNo === answer.resultNo && memory.last.tag === answer.tag;
  const isNew = status.resultsValid && !memory.resultsAck && !isKnown;
  return {
    memory: {
      ...memory,
      trigger: memory.trigger && !status.triggerAck,
      resultsAck: status.resultsValid,
      last: isNew ? { resultNo: answer.resultNo, tag: answer.tag } : memory.last,
    },
    answer: isNew ? answer : null,
  };
}

/** Every 250 ms: the live sign changes, and a fault is acknowledged by a pulse. */
export function beat(memory: LadderMemory, faultShown: boolean): LadderMemory {
  return { ...memory, plcHeartbeat: !memory.plcHeartbeat, faultReset: faultShown && !memory.faultReset };
}

/** The control word that says it. */
export function controlWord(memory: LadderMemory, buffered: boolean): number {
  const { trigger, resultsAck, faultReset, plcHeartbeat } = memory;
  return encodeBits(CONTROL_BITS, {
    triggerEnable: true,
    bufferEnable: buffered,
    trigger,
    resultsAck,
    faultReset,
    plcHeartbeat,
  });
}

function nameOf<Name extends string>(codes: Readonly<Record<Name, number>>, code: number): Name | null {
  return (Object.keys(codes) as Name[]).find((name) => codes[name] === code) ?? null;
}
