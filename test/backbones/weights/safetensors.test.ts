import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  readSafetensors,
  readSafetensorsMetadata,
  writeSafetensors,
} from "../../../src/backbones/weights/safetensors.ts";
import { InputError } from "../../../src/domain/errors.ts";
import type { Weights } from "../../../src/graph/ops.ts";

const anyWeight = fc
  .array(fc.nat(4), { maxLength: 4 })
  .chain((shape) =>
    fc
      .float32Array({ minLength: count(shape), maxLength: count(shape), noNaN: true })
      .map((data) => ({ shape, data: Float32Array.from(data) })),
  );
const anyName = fc.string({ unit: "grapheme" }).filter((name) => name !== "__metadata__");
const anyWeights: fc.Arbitrary<Weights> = fc
  .uniqueArray(fc.tuple(anyName, anyWeight), { selector: ([name]) => name, maxLength: 6 })
  .map((entries) => new Map(entries));

function count(shape: readonly number[]): number {
  return shape.reduce((product, side) => product * side, 1);
}

/** A file with this header, and `bytes` behind it. */
function file(header: unknown, bytes: Uint8Array | number = 0): Uint8Array {
  const text = Buffer.from(typeof header === "string" ? header : JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(text.length));
  return Buffer.concat([length, text, typeof bytes === "number" ? Buffer.alloc(bytes) : bytes]);
}

test("what was written is read back, bit for bit", () => {
  fc.assert(
    fc.property(anyWeights, (weights) => {
      expect(readSafetensors(writeSafetensors(weights))).toEqual(weights);
    }),
    { seed: 1 },
  );
});

test("changed bytes give an InputError or weights, never anything else", () => {
  const changes = fc.array(fc.tuple(fc.double({ min: 0, max: 1, maxExcluded: true }), fc.nat(255)), {
    minLength: 1,
    maxLength: 6,
  });
  fc.assert(
    fc.property(anyWeights, changes, fc.double({ min: 0, max: 1 }), (weights, damage, cut) => {
      const whole = writeSafetensors(weights, { made: "here" });
      const bytes = whole.slice(0, cut < 0.5 ? whole.length : Math.floor(cut * whole.length));
      for (const [place, value] of damage) bytes[Math.floor(place * bytes.length)] = value;
      try {
        expect(readSafetensors(bytes)).toBeInstanceOf(Map);
      } catch (error) {
        expect(error).toBeInstanceOf(InputError);
      }
    }),
    { numRuns: 500, seed: 2 },
  );
});

test("numbers start at a multiple of 8 bytes, and free text is kept", () => {
  const bytes = writeSafetensors(new Map([["w", { shape: [1], data: Float32Array.of(2) }]]), {
    licence: "MIT",
  });
  expect(Number(Buffer.from(bytes).readBigUInt64LE()) % 8).toBe(0);
  expect(readSafetensorsMetadata(bytes)).toEqual({ licence: "MIT" });
});

test("F16, BF16 and F64 become float32; integers are left out", () => {
  const tensors: [string, Uint8Array][] = [
    ["F16", new Uint8Array(Uint16Array.of(0x3c00, 0xc000, 0x0001, 0x7bff).buffer)],
    ["BF16", new Uint8Array(Uint16Array.of(0x3f80, 0xc000, 0x0001, 0x7f7f).buffer)],
    ["F64", new Uint8Array(Float64Array.of(1, -2, 0.1, 1e30).buffer)],
    ["I32", new Uint8Array(16)],
  ];
  let at = 0;
  const header = Object.fromEntries(
    tensors.map(([dtype, { length }]) => [dtype, { dtype, shape: [4], data_offsets: [at, (at += length)] }]),
  );
  const weights = readSafetensors(file(header, Buffer.concat(tensors.map(([, bytes]) => bytes))));
  const numbers = (name: string) => [...(weights.get(name)?.data ?? [])];
  expect([...weights.keys()]).toEqual(["F16", "BF16", "F64"]);
  expect(numbers("F16")).toEqual([1, -2, 2 ** -24, 65504]);
  expect(numbers("BF16")).toEqual([1, -2, 2 ** -133, 3.3895313892515355e38]);
  expect(numbers("F64")).toEqual([1, -2, Math.fround(0.1), Math.fround(1e30)]);
});

describe("a file is refused with", () => {
  const tensor = (begin: number, end: number, shape = [(end - begin) / 4]) => ({
    dtype: "F32",
    shape,
    data_offsets: [begin, end],
  });

  test.each<[string, Uint8Array]>([
    ["nothing in it", new Uint8Array()],
    ["a header longer than the file", Uint8Array.of(255, 255, 255, 255, 255, 255, 255, 127, 1)],
    ["a header that is no JSON", file("{")],
    ["a header that is a list", file([])],
    ["overlapping tensors", file({ a: tensor(0, 8), b: tensor(4, 12) }, 12)],
    ["a gap between tensors", file({ a: tensor(0, 4), b: tensor(8, 12) }, 12)],
    ["a tensor outside", file({ a: tensor(0, 16) }, 8)],
    ["bytes that belong to no tensor", file({ a: tensor(0, 4) }, 8)],
    ["an end before its begin", file({ a: tensor(0, 8), b: { ...tensor(8, 8), data_offsets: [8, 4] } }, 8)],
    ["a shape of another size", file({ a: tensor(0, 8, [3]) }, 8)],
    ["a shape whose size overflows", file({ a: tensor(0, 0, [2 ** 40, 2 ** 40]) })],
    ["a negative offset", file({ a: tensor(-4, 4) }, 8)],
    ["an offset that is no whole number", file({ a: tensor(0, 4.5) }, 8)],
    ["a tensor that is no description", file({ a: null })],
  ])("%s", (_, bytes) => {
    expect(() => readSafetensors(bytes, "broken.safetensors")).toThrow(InputError);
    expect(() => readSafetensors(bytes, "broken.safetensors")).toThrow(/broken\.safetensors/);
  });
});

test("a weight whose shape and numbers disagree is not written", () => {
  expect(() => writeSafetensors(new Map([["w", { shape: [3], data: new Float32Array(2) }]]))).toThrow(
    RangeError,
  );
});
