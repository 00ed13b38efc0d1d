import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  CONTROL_BITS,
  decodeBits,
  decodeNumber,
  decodeText,
  encodeBits,
  encodeNumber,
  encodeText,
  PLC_REGISTER_COUNT,
  PLC_REGISTERS,
  STATION_REGISTER_COUNT,
  STATION_REGISTERS,
  STATUS_BITS,
  wordsOf,
  type Register,
} from "../../src/plc/register-map.ts";

describe("the map", () => {
  it.each([
    ["PLC", PLC_REGISTERS, PLC_REGISTER_COUNT],
    ["station", STATION_REGISTERS, STATION_REGISTER_COUNT],
  ])(
    "of the %s's registers has neither holes nor overlaps, and 32 bits on even addresses",
    (_, map, count) => {
      const registers = Object.values<Register>(map);
      const taken = registers.flatMap((register) =>
        Array.from({ length: wordsOf(register) }, (__, word) => register.address + word),
      );
      expect(taken).toEqual(Array.from({ length: count }, (__, address) => address));
      const long = registers.filter(({ type }) => type === "int32" || type === "uint32");
      expect(long.filter(({ address }) => address % 2 === 1)).toEqual([]);
    },
  );

  it.each([CONTROL_BITS, STATUS_BITS])("gives each bit a place of its own", (bits) => {
    expect(new Set(Object.values(bits)).size).toBe(Object.keys(bits).length);
  });
});

describe("words", () => {
  it("come high word first", () => {
    expect(encodeNumber("uint32", 0x1234_5678)).toEqual([0x1234, 0x5678]);
    expect(encodeNumber("int32", -2)).toEqual([0xffff, 0xfffe]);
  });

  it("hold the nearest number that fits", () => {
    expect(encodeNumber("uint16", 70_000)).toEqual([0xffff]);
    expect(encodeNumber("uint16", -1)).toEqual([0]);
    expect(encodeNumber("int32", 1e12)).toEqual([0x7fff, 0xffff]);
    expect(encodeNumber("int32", -Infinity)).toEqual([0x8000, 0]);
    expect(encodeNumber("uint32", Number.NaN)).toEqual([0, 0]);
  });

  it.each([
    ["uint16", 0, 0xffff],
    ["uint32", 0, 0xffff_ffff],
    ["int32", -0x8000_0000, 0x7fff_ffff],
  ] as const)("give back any %s", (type, min, max) => {
    fc.assert(
      fc.property(fc.integer({ min, max }), fc.nat(9), (value, from) => {
        const register = { address: from + 2, type, text: "" };
        expect(decodeNumber([7, 7, ...encodeNumber(type, value)], register, from)).toBe(value);
      }),
      { seed: 5 },
    );
  });

  it("give back any text that fits, and cut what is longer", () => {
    const ascii = fc.string({
      unit: fc.integer({ min: 0x20, max: 0x7e }).map((code) => String.fromCharCode(code)),
    });
    fc.assert(
      fc.property(ascii, (text) => {
        const words = [...new Array<number>(8).fill(1), ...encodeText(PLC_REGISTERS.partId, text)];
        expect(decodeText(words, PLC_REGISTERS.partId)).toBe(text.slice(0, 32));
      }),
      { seed: 5 },
    );
  });

  it("give back any bits, free ones left out", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 0xffff }), (word) => {
        expect(encodeBits(CONTROL_BITS, decodeBits(CONTROL_BITS, word))).toBe(word & 0x80ff);
        expect(encodeBits(STATUS_BITS, decodeBits(STATUS_BITS, word))).toBe(word);
      }),
      { seed: 5 },
    );
  });
});
