import { InputError, messageOf } from "../../domain/errors.ts";
import {
  DATA_TYPES,
  QUALITY,
  type DataType,
  type Metric,
  type MetricValue,
  type Payload,
  type ReceivedMetric,
} from "./metric.ts";
import {
  payloadType,
  type LongParts,
  type MetricMessage,
  type PayloadMessage,
  type ValueFields,
} from "./payload-proto.ts";

const TYPE_NAMES = new Map(Object.entries(DATA_TYPES).map(([name, id]) => [id as number, name as DataType]));

/** The bytes of one message. @throws RangeError if a value does not fit its type */
export function encodePayload({ timestamp, seq, metrics }: Payload): Buffer {
  const message: PayloadMessage = {
    timestamp: longParts(BigInt(timestamp)),
    metrics: metrics.map(metricMessage),
    ...(seq !== undefined && { seq: longParts(BigInt(seq)) }),
  };
  return Buffer.from(payloadType.encode(payloadType.fromObject(message)).finish());
}

/**
 * The metrics of a command. A value is read by the type that comes with it; without one (commands should leave it out,
 * tck-id-payloads-metric-datatype-not-req) integers are read as unsigned.
 * @throws InputError if the bytes are no Sparkplug payload
 */
export function decodeCommand(bytes: Uint8Array): readonly ReceivedMetric[] {
  try {
    const { metrics = [] } = payloadType.decode(bytes) as PayloadMessage;
    return metrics.map(receivedMetric);
  } catch (error) {
    throw new InputError(
      "sparkplug-payload",
      `The message is no Sparkplug B payload (${messageOf(error)}). Encode it with sparkplug_b.proto.`,
      { cause: error },
    );
  }
}

function metricMessage({ name, type, value, timestamp, quality, historical }: Metric): MetricMessage {
  return {
    name,
    timestamp: longParts(BigInt(timestamp)),
    datatype: DATA_TYPES[type],
    ...(historical === true && { isHistorical: true }),
    ...(quality !== undefined && {
      // an Int32 in int_value: tck-id-payloads-propertyset-quality-value-type
      properties: { keys: ["Quality"], values: [{ type: DATA_TYPES.Int32, intValue: QUALITY[quality] }] },
    }),
    // tck-id-operational-behavior-data-publish-nbirth-values: null has is_null and no value
    ...(value === null ? { isNull: true } : valueFields(type, value)),
  };
}

/** The one field that holds a value of this type (§6.4.17). Signed numbers are two's complement in an unsigned field. */
function valueFields(type: DataType, value: NonNullable<MetricValue>): ValueFields {
  switch (type) {
    case "Int8":
    case "Int16":
    case "Int32":
    case "UInt8":
    case "UInt16":
      return { intValue: numberOf(type, value) >>> 0 };
    // the specification says uint32; Tahu, which hosts are built on, reads and writes UInt32 as a long
    case "UInt32":
    case "Int64":
    case "UInt64":
    case "DateTime":
      return { longValue: longParts(bigintOf(type, value)) };
    case "Float":
      return { floatValue: numberOf(type, value) };
    case "Double":
      return { doubleValue: numberOf(type, value) };
    case "Boolean":
      if (typeof value === "boolean") return { booleanValue: value };
      throw mismatch(type, value);
    case "String":
    case "Text":
    case "UUID":
      if (typeof value === "string") return { stringValue: value };
      throw mismatch(type, value);
    case "Bytes":
      if (value instanceof Uint8Array) return { bytesValue: value };
      throw mismatch(type, value);
  }
}

function receivedMetric(metric: MetricMessage): ReceivedMetric {
  const type = TYPE_NAMES.get(metric.datatype ?? 0) ?? null;
  const name = Object.hasOwn(metric, "name") ? (metric.name ?? null) : null;
  return { name, type, value: metric.isNull === true ? null : receivedValue(metric, type) };
}

function receivedValue(metric: MetricMessage, type: DataType | null): MetricValue {
  const has = (field: keyof ValueFields): boolean => Object.hasOwn(metric, field);
  if (has("intValue")) return narrowed(type, metric.intValue!);
  if (has("longValue")) return widened(type, bigintFrom(metric.longValue!));
  if (has("floatValue")) return metric.floatValue!;
  if (has("doubleValue")) return metric.doubleValue!;
  if (has("booleanValue")) return metric.booleanValue!;
  if (has("stringValue")) return metric.stringValue!;
  if (has("bytesValue")) return metric.bytesValue!;
  return null;
}

/** Sign of what was sent in `int_value`; encoders differ in whether small types are sign-extended. */
function narrowed(type: DataType | null, bits: number): number | bigint {
  if (type === "Int8") return (bits << 24) >> 24;
  if (type === "Int16") return (bits << 16) >> 16;
  if (type === "Int32") return bits | 0;
  if (type === "Int64") return BigInt(bits | 0);
  if (type === "UInt64" || type === "DateTime") return BigInt(bits);
  return bits;
}

function widened(type: DataType | null, bits: bigint): number | bigint {
  if (type === "Int64") return BigInt.asIntN(64, bits);
  return type === "UInt32" ? Number(bits) : bits;
}

function numberOf(type: DataType, value: MetricValue): number {
  if (typeof value !== "number") throw mismatch(type, value);
  return value;
}

function bigintOf(type: DataType, value: MetricValue): bigint {
  if (typeof value === "bigint") return value;
  if (typeof value === "number" && Number.isSafeInteger(value)) return BigInt(value);
  throw mismatch(type, value);
}

function mismatch(type: DataType, value: MetricValue): RangeError {
  return new RangeError(`${typeof value} ${String(value)} cannot be a metric of type ${type}`);
}

function longParts(value: bigint): LongParts {
  const bits = BigInt.asUintN(64, value);
  return { low: Number(bits & 0xffff_ffffn) | 0, high: Number(bits >> 32n) | 0, unsigned: true };
}

function bigintFrom(value: LongParts | number): bigint {
  if (typeof value === "number") return BigInt(value);
  return (BigInt(value.high >>> 0) << 32n) | BigInt(value.low >>> 0);
}
