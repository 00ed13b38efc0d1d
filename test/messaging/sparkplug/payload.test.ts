import fc from "fast-check";
import { get } from "sparkplug-payload";
import type { UMetric } from "sparkplug-payload/lib/sparkplugbpayload.js";
import { describe, expect, it } from "vitest";
import { InputError } from "../../../src/domain/errors.ts";
import type { DataType, Metric, MetricValue } from "../../../src/messaging/sparkplug/metric.ts";
import type { LongParts } from "../../../src/messaging/sparkplug/payload-proto.ts";
import { decodeCommand, encodePayload } from "../../../src/messaging/sparkplug/payload.ts";
import { numberOf } from "./host.ts";

/** Tahu's codec, which is not ours: what one writes the other must read. */
const tahu = get("spBv1.0")!;
const SEEDED = { seed: 20_261_122, numRuns: 300 };
const AT = 1_760_000_000_123;

/** Every data type that we know, with values of its whole range. */
const values: Readonly<Record<DataType, fc.Arbitrary<NonNullable<MetricValue>>>> = {
  Int8: fc.integer({ min: -128, max: 127 }),
  Int16: fc.integer({ min: -32_768, max: 32_767 }),
  Int32: fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }),
  Int64: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  UInt8: fc.integer({ min: 0, max: 255 }),
  UInt16: fc.integer({ min: 0, max: 65_535 }),
  UInt32: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
  UInt64: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
  Float: fc.float({ noNaN: true }),
  Double: fc.double({ noNaN: true }),
  Boolean: fc.boolean(),
  String: fc.string({ unit: "grapheme" }),
  DateTime: fc.bigInt({ min: 0n, max: 2n ** 53n }),
  Text: fc.string(),
  UUID: fc.uuid(),
  Bytes: fc.uint8Array({ maxLength: 64 }),
};
const types = Object.keys(values) as DataType[];

const typedValue = fc
  .constantFrom(...types)
  .chain((type) => fc.record({ type: fc.constant(type), value: fc.oneof(values[type], fc.constant(null)) }));

const metric: fc.Arbitrary<Metric> = fc
  .record({
    named: fc.record({ name: fc.string({ minLength: 1 }), timestamp: fc.nat(2 ** 31) }),
    typed: typedValue,
    marks: fc.record(
      {
        quality: fc.constantFrom("good" as const, "bad" as const, "stale" as const),
        historical: fc.constant(true),
      },
      { requiredKeys: [] },
    ),
  })
  .map(({ named, typed, marks }) => ({ ...named, ...typed, ...marks }));

describe("the Sparkplug payload", () => {
  // tck-id-payloads-metric-datatype-value, tck-id-payloads-metric-datatype-value-type,
  // tck-id-payloads-propertyset-keys-array-size,
  // tck-id-payloads-propertyset-values-array-size,
  // tck-id-payloads-propertyset-quality-value-type,
  // tck-id-payloads-propertyset-quality-value-value,
  // tck-id-payloads-metric-propertyvalue-type-type,
  // tck-id-payloads-metric-propertyvalue-type-value,
  // tck-id-payloads-metric-propertyvalue-type-req
  it("is read by Tahu's decoder with every type, null, quality and mark", () => {
    fc.assert(
      fc.property(fc.array(metric, { maxLength: 8 }), fc.integer({ min: 0, max: 255 }), (metrics, seq) => {
        const read = tahu.decodePayload(encodePayload({ timestamp: AT, seq, metrics }));
        expect(numberOf(read.timestamp)).toBe(AT);
        expect(numberOf(read.seq)).toBe(seq);
        expect((read.metrics ?? []).map(asOurs)).toEqual(metrics.map(comparable));
      }),
      SEEDED,
    );
  });

  it("of Tahu's encoder is read with every type and null", () => {
    fc.assert(
      fc.property(fc.array(typedValue, { minLength: 1, maxLength: 8 }), (typed) => {
        const metrics = typed.map(({ type, value }, i) => asTahu(`m${i}`, type, value));
        const read = decodeCommand(tahu.encodePayload({ timestamp: AT, metrics }));
        const expected = typed.map(({ type, value }, i) => ({ name: `m${i}`, type, value }));
        expect(read.map(plain)).toEqual(expected.map(plain));
      }),
      SEEDED,
    );
  });

  it("leaves seq out where there is none", () => {
    const read = tahu.decodePayload(encodePayload({ timestamp: AT, metrics: [] }));
    expect(Object.hasOwn(read, "seq") ? read.seq : undefined).toBeUndefined();
  });

  it("that is garbage is refused, and never more than that", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        try {
          decodeCommand(bytes);
        } catch (error) {
          expect(error).toBeInstanceOf(InputError);
        }
      }),
      { ...SEEDED, numRuns: 5000 },
    );
  });

  it("refuses a value of another kind than its type", () => {
    const wrong = (type: DataType, value: MetricValue) => () =>
      encodePayload({ timestamp: AT, metrics: [{ name: "x", type, value, timestamp: AT }] });
    expect(wrong("Boolean", 1)).toThrow(RangeError);
    expect(wrong("Int32", "1")).toThrow(RangeError);
    expect(wrong("UInt64", 0.5)).toThrow(RangeError);
    expect(wrong("String", true)).toThrow(RangeError);
  });
});

interface Plain {
  readonly name: string | null;
  readonly type: string | null;
  readonly value: unknown;
}

function plain({ name, type, value }: Plain): Plain {
  return { name, type, value: bytesAsHex(value) };
}

function comparable({ name, type, value, timestamp, quality, historical }: Metric) {
  return { ...plain({ name, type, value }), timestamp, quality, historical };
}

/** Tahu's metric in our words. */
function asOurs(read: UMetric) {
  const { type } = read;
  const wide = type === "Int64" || type === "UInt64" || type === "DateTime";
  const value = read.value !== null && wide ? bigintOf(read.value as LongParts) : read.value;
  const quality = { 0: "bad", 192: "good", 500: "stale" }[Number(read.properties?.Quality?.value)];
  return {
    ...plain({ name: read.name ?? null, type, value }),
    timestamp: numberOf(read.timestamp),
    quality,
    historical: read.isHistorical === true ? true : undefined,
  };
}

function asTahu(name: string, type: DataType, value: MetricValue): UMetric {
  const long = typeof value === "bigint" ? longOf(value) : value;
  return { name, type, value: long, ...(value === null && { isNull: true }) } as UMetric;
}

/** protobufjs takes 64 bits as two halves. */
function longOf(value: bigint) {
  const bits = BigInt.asUintN(64, value);
  return { low: Number(bits & 0xffff_ffffn) | 0, high: Number(bits >> 32n) | 0, unsigned: true };
}

function bytesAsHex(value: unknown): unknown {
  return value instanceof Uint8Array ? Buffer.from(value).toString("hex") : value;
}

function bigintOf({ low, high, unsigned }: LongParts): bigint {
  const bits = (BigInt(high >>> 0) << 32n) | BigInt(low >>> 0);
  return unsigned ? bits : BigInt.asIntN(64, bits);
}
