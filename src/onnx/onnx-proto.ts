import protobuf from "protobufjs/light.js";

/**
 * The part of ONNX's protobuf schema that assayd reads and writes, as a reflection descriptor. Field numbers and types:
 * onnx.proto (ONNX 1.12, IR version 8). Fields that assayd must only notice, never use (`functions`, `trainingInfo`,
 * `sparseInitializer`, …), are declared as bytes so that inspect.ts can refuse them.
 */
const descriptor = {
  nested: {
    ModelProto: {
      fields: {
        irVersion: { id: 1, type: "int64" },
        producerName: { id: 2, type: "string" },
        producerVersion: { id: 3, type: "string" },
        domain: { id: 4, type: "string" },
        modelVersion: { id: 5, type: "int64" },
        docString: { id: 6, type: "string" },
        graph: { id: 7, type: "GraphProto" },
        opsetImport: { id: 8, type: "OperatorSetIdProto", rule: "repeated" },
        metadataProps: { id: 14, type: "StringStringEntryProto", rule: "repeated" },
        trainingInfo: { id: 20, type: "bytes", rule: "repeated" },
        functions: { id: 25, type: "bytes", rule: "repeated" },
      },
    },
    OperatorSetIdProto: { fields: { domain: { id: 1, type: "string" }, version: { id: 2, type: "int64" } } },
    StringStringEntryProto: { fields: { key: { id: 1, type: "string" }, value: { id: 2, type: "string" } } },
    GraphProto: {
      fields: {
        node: { id: 1, type: "NodeProto", rule: "repeated" },
        name: { id: 2, type: "string" },
        initializer: { id: 5, type: "TensorProto", rule: "repeated" },
        docString: { id: 10, type: "string" },
        input: { id: 11, type: "ValueInfoProto", rule: "repeated" },
        output: { id: 12, type: "ValueInfoProto", rule: "repeated" },
        valueInfo: { id: 13, type: "ValueInfoProto", rule: "repeated" },
        quantizationAnnotation: { id: 14, type: "bytes", rule: "repeated" },
        sparseInitializer: { id: 15, type: "bytes", rule: "repeated" },
      },
    },
    NodeProto: {
      fields: {
        input: { id: 1, type: "string", rule: "repeated" },
        output: { id: 2, type: "string", rule: "repeated" },
        name: { id: 3, type: "string" },
        opType: { id: 4, type: "string" },
        attribute: { id: 5, type: "AttributeProto", rule: "repeated" },
        docString: { id: 6, type: "string" },
        domain: { id: 7, type: "string" },
      },
    },
    AttributeProto: {
      fields: {
        name: { id: 1, type: "string" },
        f: { id: 2, type: "float" },
        i: { id: 3, type: "int64" },
        s: { id: 4, type: "bytes" },
        t: { id: 5, type: "TensorProto" },
        g: { id: 6, type: "bytes" },
        floats: { id: 7, type: "float", rule: "repeated" },
        ints: { id: 8, type: "int64", rule: "repeated" },
        strings: { id: 9, type: "bytes", rule: "repeated" },
        tensors: { id: 10, type: "TensorProto", rule: "repeated" },
        graphs: { id: 11, type: "bytes", rule: "repeated" },
        type: { id: 20, type: "int32" },
        refAttrName: { id: 21, type: "string" },
        sparseTensor: { id: 22, type: "bytes" },
        sparseTensors: { id: 23, type: "bytes", rule: "repeated" },
      },
    },
    TensorProto: {
      fields: {
        dims: { id: 1, type: "int64", rule: "repeated" },
        dataType: { id: 2, type: "int32" },
        segment: { id: 3, type: "bytes" },
        floatData: { id: 4, type: "float", rule: "repeated" },
        int32Data: { id: 5, type: "int32", rule: "repeated" },
        stringData: { id: 6, type: "bytes", rule: "repeated" },
        int64Data: { id: 7, type: "int64", rule: "repeated" },
        name: { id: 8, type: "string" },
        rawData: { id: 9, type: "bytes" },
        externalData: { id: 13, type: "StringStringEntryProto", rule: "repeated" },
        dataLocation: { id: 14, type: "int32" },
      },
    },
    ValueInfoProto: { fields: { name: { id: 1, type: "string" }, type: { id: 2, type: "TypeProto" } } },
    TypeProto: { fields: { tensorType: { id: 1, type: "TensorTypeProto" } } },
    TensorTypeProto: {
      fields: { elemType: { id: 1, type: "int32" }, shape: { id: 2, type: "TensorShapeProto" } },
    },
    TensorShapeProto: { fields: { dim: { id: 1, type: "DimensionProto", rule: "repeated" } } },
    DimensionProto: { fields: { dimValue: { id: 1, type: "int64" }, dimParam: { id: 2, type: "string" } } },
  },
};

/** `TensorProto.DataType`. */
export const DATA_TYPE = { float: 1, uint8: 2, int64: 7 } as const;
/** `AttributeProto.AttributeType`. */
export const ATTRIBUTE_TYPE = { float: 1, int: 2, string: 3, ints: 7 } as const;

export interface TensorProto {
  dims?: number[];
  dataType?: number;
  name?: string;
  rawData?: Uint8Array;
  floatData?: number[];
  int32Data?: number[];
  int64Data?: number[];
  stringData?: Uint8Array[];
  externalData?: StringStringEntryProto[];
  dataLocation?: number;
}

export interface AttributeProto {
  name?: string;
  type?: number;
  f?: number;
  i?: number;
  s?: Uint8Array;
  t?: TensorProto;
  g?: Uint8Array;
  floats?: number[];
  ints?: number[];
  strings?: Uint8Array[];
  tensors?: TensorProto[];
  graphs?: Uint8Array[];
  sparseTensor?: Uint8Array;
  sparseTensors?: Uint8Array[];
}

export interface NodeProto {
  input?: string[];
  output?: string[];
  name?: string;
  opType?: string;
  domain?: string;
  attribute?: AttributeProto[];
}

export interface ValueInfoProto {
  name?: string;
  type?: {
    tensorType?: { elemType?: number; shape?: { dim?: { dimValue?: number; dimParam?: string }[] } };
  };
}

export interface StringStringEntryProto {
  key?: string;
  value?: string;
}

export interface GraphProto {
  node?: NodeProto[];
  name?: string;
  initializer?: TensorProto[];
  input?: ValueInfoProto[];
  output?: ValueInfoProto[];
  valueInfo?: ValueInfoProto[];
  sparseInitializer?: Uint8Array[];
}

export interface ModelProto {
  irVersion?: number;
  producerName?: string;
  producerVersion?: string;
  graph?: GraphProto;
  opsetImport?: { domain?: string; version?: number }[];
  metadataProps?: StringStringEntryProto[];
  trainingInfo?: Uint8Array[];
  functions?: Uint8Array[];
}

// onnx.proto is proto2: a field that is 0 is still written, and lists are not packed
const nested = Object.fromEntries(
  Object.entries(descriptor.nested).map(([name, message]) => [name, { edition: "proto2", ...message }]),
);

/** protobufjs' reflected `ModelProto`; encode.ts is its only user. */
export const modelType: protobuf.Type = protobuf.Root.fromJSON({ nested }).lookupType("ModelProto");
