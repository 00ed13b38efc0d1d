import fc from "fast-check";
import { expect, it } from "vitest";
import {
  beat,
  controlWord,
  LADDER_AT_REST,
  scan,
  SCANNED_REGISTERS,
  seenIn,
  type LadderMemory,
} from "../../../src/plc/simulator/ladder.ts";
import {
  encodeBits,
  encodeNumber,
  REASON_CODES,
  STATION_REGISTERS,
  STATUS_BITS,
  VERDICT_CODES,
  type StatusBit,
} from "../../../src/plc/register-map.ts";

interface Shown {
  readonly status?: Partial<Record<StatusBit, boolean>>;
  readonly resultNo?: number;
  readonly tag?: number;
  readonly verdict?: number;
  readonly reason?: number;
  readonly totalTimeUs?: number;
}

/** The registers of a station that shows this. */
function registers(shown: Shown): readonly number[] {
  const words = new Array<number>(SCANNED_REGISTERS).fill(0);
  const put = (name: keyof typeof STATION_REGISTERS, value: number): void => {
    const { address, type } = STATION_REGISTERS[name];
    for (const [index, word] of encodeNumber(type, value).entries()) words[address + index] = word;
  };
  put("status", encodeBits(STATUS_BITS, shown.status ?? {}));
  put("resultNo", shown.resultNo ?? 0);
  put("resultTag", shown.tag ?? 0);
  put("verdict", shown.verdict ?? 0);
  put("reason", shown.reason ?? 0);
  put("totalTimeUs", shown.totalTimeUs ?? 0);
  return words;
}

const look = (memory: LadderMemory, shown: Shown) => scan(memory, seenIn(registers(shown)));

it("reads a result as the registers say it", () => {
  const shown = {
    status: { ready: true, resultsValid: true, err: true },
    resultNo: 70_000,
    tag: 9,
    verdict: VERDICT_CODES.ERR,
    reason: REASON_CODES.late,
    totalTimeUs: 301_500,
  };
  expect(seenIn(registers(shown))).toMatchObject({
    status: { ready: true, ok: false, err: true },
    answer: { tag: 9, resultNo: 70_000, ok: false, verdict: "ERR", reason: "late", totalMs: 301.5 },
  });
  expect(seenIn(registers({ verdict: 99, reason: 99 })).answer).toMatchObject({
    verdict: null,
    reason: null,
  });
});

it("drops Trigger once it is acknowledged, not before", () => {
  const memory = { ...LADDER_AT_REST, trigger: true };
  expect(look(memory, { status: { ready: false } }).memory.trigger).toBe(true);
  expect(look(memory, { status: { triggerAck: true } }).memory.trigger).toBe(false);
});

it("reads a valid result once, acknowledges it, and lets go when it is withdrawn", () => {
  const valid = { status: { resultsValid: true, ok: true }, resultNo: 1, tag: 7 };
  const first = look(LADDER_AT_REST, valid);
  expect(first.answer).toMatchObject({ tag: 7, ok: true });
  expect(first.memory.resultsAck).toBe(true);
  const again = look(first.memory, valid);
  expect(again.answer).toBeNull();
  const withdrawn = look(again.memory, { resultNo: 1, tag: 7 });
  expect(withdrawn.memory.resultsAck).toBe(false);
  expect(look(withdrawn.memory, { ...valid, resultNo: 2, tag: 8 }).answer).toMatchObject({ tag: 8 });
});

it("does not take the result for a new one that is still shown after the connection was made anew", () => {
  const valid = { status: { resultsValid: true }, resultNo: 4, tag: 7 };
  const { last } = look(LADDER_AT_REST, valid).memory;
  const after = look({ ...LADDER_AT_REST, last }, valid);
  expect(after.answer).toBeNull();
  expect(after.memory.resultsAck).toBe(true);
});

it("shows a live sign, and acknowledges a fault by pulses", () => {
  const first = beat(LADDER_AT_REST, true);
  expect(first).toMatchObject({ plcHeartbeat: true, faultReset: true });
  expect(beat(first, true)).toMatchObject({ plcHeartbeat: false, faultReset: false });
  expect(beat(first, false).faultReset).toBe(false);
});

it("writes its bits as the map says", () => {
  expect(controlWord(LADDER_AT_REST, false)).toBe(0b1);
  expect(controlWord({ ...LADDER_AT_REST, trigger: true, resultsAck: true }, true)).toBe(0b1111);
  expect(controlWord({ ...LADDER_AT_REST, faultReset: true, plcHeartbeat: true }, false)).toBe(
    0b1000_0000_0001_0001,
  );
});

it("reads every result of a station that queues them exactly once, in whatever rhythm it looks", () => {
  fc.assert(
    fc.property(fc.array(fc.boolean(), { minLength: 200, maxLength: 200 }), (looks) => {
      let memory = LADDER_AT_REST;
      let shown = 1;
      let valid = true;
      const read: number[] = [];
      for (const isLooking of looks) {
        if (isLooking) {
          const seen = look(memory, { status: { resultsValid: valid }, resultNo: shown, tag: shown });
          if (seen.answer) read.push(seen.answer.tag);
          memory = seen.memory;
          continue;
        }
        if (valid && memory.resultsAck) valid = false;
        else if (!valid && !memory.resultsAck) {
          shown += 1;
          valid = true;
        }
      }
      const complete = valid && memory.resultsAck ? shown : shown - (valid ? 1 : 0);
      expect(read).toEqual(Array.from({ length: read.length }, (_, index) => index + 1));
      expect(read.length).toBeGreaterThanOrEqual(complete);
    }),
    { seed: 54, numRuns: 500 },
  );
});
