import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { answerPdu } from "../../../src/plc/modbus/pdu.ts";
import { MemoryUnit } from "./memory-unit.ts";

function answer(hex: string, unit = new MemoryUnit()): string {
  return answerPdu(Buffer.from(hex.replaceAll(" ", ""), "hex"), unit, 0).toString("hex");
}

/** Requests and responses in the form of the examples of the Application Protocol V1.1b3 §6. */
describe("answers, byte for byte", () => {
  it.each([
    ["01 0000 000a", "01020000"],
    ["05 0003 ff00", "050003ff00"],
    ["06 0001 0003", "0600010003"],
    ["0f 0000 000a 02 cd01", "0f0000000a"],
    ["10 0001 0002 04 000a0102", "1000010002"],
    ["16 0004 00f2 0025", "16000400f20025"],
    ["17 0003 0002 000e 0001 02 00ff", "170400000000"],
  ])("%s → %s", (request, response) => {
    expect(answer(request)).toBe(response);
  });

  it("packs the first bit lowest", () => {
    const unit = new MemoryUnit();
    answer("0f 0000 000a 02 cd01", unit);
    expect(answer("01 0000 000a", unit)).toBe("0102cd01");
  });

  it("masks a register: (present and AND) or (OR and not AND)", () => {
    const unit = new MemoryUnit();
    answer("06 0004 0012", unit);
    answer("16 0004 00f2 0025", unit);
    expect(answer("03 0004 0001", unit)).toBe("03020017");
  });

  it("writes before it reads", () => {
    expect(answer("17 0003 0001 0003 0001 02 00ff")).toBe("170200ff");
  });

  it.each([
    ["an unknown function", "2b 0e 01 00", "ab01"],
    ["a coil that is neither on nor off", "05 0000 0001", "8503"],
    ["no quantity", "03 0000 0000", "8303"],
    ["more than a response holds", "03 0000 007e", "8303"],
    ["more bits than a response holds", "01 0000 07d1", "8103"],
    ["a byte count that does not fit", "10 0000 0002 03 000000", "9003"],
    ["too short a request", "10 0000", "9003"],
    ["an end beyond the table", "10 001f 0002 04 00000000", "9002"],
    ["a read beyond the table, before anything is written", "17 001f 0002 0000 0001 02 0001", "9702"],
  ])("refuses %s", (_, request, response) => {
    expect(answer(request)).toBe(response);
  });
});

it("answers any bytes by a response of that function or its exception, and never throws", () => {
  const request = fc.oneof(
    fc.uint8Array({ minLength: 1, maxLength: 253 }),
    fc
      .tuple(
        fc.constantFrom(1, 2, 3, 4, 5, 6, 15, 16, 22, 23),
        fc.uint8Array({ minLength: 4, maxLength: 60 }),
      )
      .map(([code, rest]) =>
        Uint8Array.from([code, 0, (rest[0] ?? 0) % 40, 0, (rest[1] ?? 0) % 40, ...rest]),
      ),
  );
  const unit = new MemoryUnit();
  fc.assert(
    fc.property(request, (bytes) => {
      const response = answerPdu(Buffer.from(bytes), unit, 0);
      const code = response.readUInt8(0);
      expect(code & 0x7f).toBe((bytes[0] ?? 0) & 0x7f);
      if (code & 0x80 && !((bytes[0] ?? 0) & 0x80)) expect([1, 2, 3]).toContain(response.readUInt8(1));
      expect(response.length).toBeLessThanOrEqual(253);
    }),
    { seed: 5, numRuns: 20_000 },
  );
});
