/** `DataType` of Sparkplug 3.0 §6.4.16; without data sets, files, templates and arrays, which assayd does not use. */
export const DATA_TYPES = {
  Int8: 1,
  Int16: 2,
  Int32: 3,
  Int64: 4,
  UInt8: 5,
  UInt16: 6,
  UInt32: 7,
  UInt64: 8,
  Float: 9,
  Double: 10,
  Boolean: 11,
  String: 12,
  DateTime: 13,
  Text: 14,
  UUID: 15,
  Bytes: 17,
} as const;
export type DataType = keyof typeof DATA_TYPES;

/** 64-bit types are bigint, DateTime too (epoch ms). Null: the metric has no value now. */
export type MetricValue = number | bigint | boolean | string | Uint8Array | null;

/** Quality codes of Sparkplug 3.0 §6.4.9.1. */
export const QUALITY = { bad: 0, good: 192, stale: 500 } as const;
export type Quality = keyof typeof QUALITY;

/** What a metric is now. */
export interface Metric {
  readonly name: string;
  readonly type: DataType;
  readonly value: MetricValue;
  /** When the value was acquired, epoch ms, an integer. */
  readonly timestamp: number;
  /** Written only where it is not `good`, or was not a moment ago. */
  readonly quality?: Quality;
  readonly historical?: boolean;
}

/** One Sparkplug message. */
export interface Payload {
  /** When it is sent, epoch ms, an integer. */
  readonly timestamp: number;
  /** 0..255; NDEATH has none. */
  readonly seq?: number;
  readonly metrics: readonly Metric[];
}

/** A metric as it came from a host: types may be left out, names too where an alias is used. */
export interface ReceivedMetric {
  readonly name: string | null;
  /** As it was sent, or null. */
  readonly type: DataType | null;
  readonly value: MetricValue;
}
