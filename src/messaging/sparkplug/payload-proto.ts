import protobuf from "protobufjs/light.js";

/**
 * The part of Sparkplug B's protobuf schema that an edge node reads and writes, as a reflection descriptor. Field numbers
 * and types: Sparkplug 3.0 §6.4.1. Data sets and templates, which assayd neither publishes nor takes, are left out: a
 * metric that holds one has no value here.
 */
const descriptor = {
  Payload: {
    fields: {
      timestamp: { id: 1, type: "uint64" },
      metrics: { id: 2, type: "Metric", rule: "repeated" },
      seq: { id: 3, type: "uint64" },
      uuid: { id: 4, type: "string" },
    },
  },
  Metric: {
    oneofs: {
      value: {
        oneof: [
          "intValue",
          "longValue",
          "floatValue",
          "doubleValue",
          "booleanValue",
          "stringValue",
          "bytesValue",
        ],
      },
    },
    fields: {
      name: { id: 1, type: "string" },
      alias: { id: 2, type: "uint64" },
      timestamp: { id: 3, type: "uint64" },
      datatype: { id: 4, type: "uint32" },
      isHistorical: { id: 5, type: "bool" },
      isTransient: { id: 6, type: "bool" },
      isNull: { id: 7, type: "bool" },
      properties: { id: 9, type: "PropertySet" },
      intValue: { id: 10, type: "uint32" },
      longValue: { id: 11, type: "uint64" },
      floatValue: { id: 12, type: "float" },
      doubleValue: { id: 13, type: "double" },
      booleanValue: { id: 14, type: "bool" },
      stringValue: { id: 15, type: "string" },
      bytesValue: { id: 16, type: "bytes" },
    },
  },
  PropertySet: {
    fields: {
      keys: { id: 1, type: "string", rule: "repeated" },
      values: { id: 2, type: "PropertyValue", rule: "repeated" },
    },
  },
  PropertyValue: {
    oneofs: {
      value: {
        oneof: ["intValue", "longValue", "floatValue", "doubleValue", "booleanValue", "stringValue"],
      },
    },
    fields: {
      type: { id: 1, type: "uint32" },
      isNull: { id: 2, type: "bool" },
      intValue: { id: 3, type: "uint32" },
      longValue: { id: 4, type: "uint64" },
      floatValue: { id: 5, type: "float" },
      doubleValue: { id: 6, type: "double" },
      booleanValue: { id: 7, type: "bool" },
      stringValue: { id: 8, type: "string" },
    },
  },
};

/** A 64-bit number in two halves, as protobufjs takes and gives it. */
export interface LongParts {
  readonly low: number;
  readonly high: number;
  readonly unsigned: boolean;
}

/** The `value` of a metric or property: at most one field is set. */
export interface ValueFields {
  intValue?: number;
  longValue?: LongParts;
  floatValue?: number;
  doubleValue?: number;
  booleanValue?: boolean;
  stringValue?: string;
  bytesValue?: Uint8Array;
}

export interface PropertyValueMessage extends ValueFields {
  type?: number;
  isNull?: boolean;
}

export interface MetricMessage extends ValueFields {
  name?: string;
  alias?: LongParts;
  timestamp?: LongParts;
  datatype?: number;
  isHistorical?: boolean;
  isNull?: boolean;
  properties?: { keys?: string[]; values?: PropertyValueMessage[] };
}

export interface PayloadMessage {
  timestamp?: LongParts;
  metrics?: MetricMessage[];
  seq?: LongParts;
}

const nested = Object.fromEntries(
  Object.entries(descriptor).map(([name, message]) => [name, { edition: "proto2", ...message }]),
);

/** protobufjs' reflected `Payload`; payload.ts is its only user. */
export const payloadType: protobuf.Type = protobuf.Root.fromJSON({ nested }).lookupType("Payload");
