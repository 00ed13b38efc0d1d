import { messageOf, ModelError } from "../domain/errors.ts";
import { ATTRIBUTE_TYPE, DATA_TYPE, modelType } from "./onnx-proto.ts";
import type { AttributeProto, ModelProto, NodeProto, TensorProto, ValueInfoProto } from "./onnx-proto.ts";

/** What a node's attribute may be: a number array becomes `ints`, a plain number `int`, `{ float }` a float. */
export type AttributeValue = number | string | Uint8Array | readonly number[] | { readonly float: number };

/** The bytes of an `.onnx` file. */
export function encodeModel(model: ModelProto): Uint8Array {
  const { buffer, byteOffset, byteLength } = modelType.encode(modelType.fromObject(model)).finish();
  return new Uint8Array(buffer, byteOffset, byteLength); // not a Buffer, whose slice() shares its memory
}

/**
 * Reads an `.onnx` file into plain objects; 64-bit integers become numbers, tensor bytes are views of `bytes`.
 * Safe for untrusted bytes, but says nothing about the content: see inspect.ts.
 * @throws ModelError `model-unreadable` if this is not an ONNX model with a graph.
 */
export function decodeModel(bytes: Uint8Array): ModelProto {
  let model: ModelProto;
  try {
    model = modelType.toObject(modelType.decode(bytes), { longs: Number });
  } catch (cause) {
    throw new ModelError(
      "model-unreadable",
      `These ${bytes.length} bytes are not an ONNX model (${messageOf(cause)}). Export or fetch the file again.`,
      { cause },
    );
  }
  if (!model.graph || !model.irVersion) {
    throw new ModelError(
      "model-unreadable",
      `These ${bytes.length} bytes hold no ONNX graph or IR version. Export or fetch the file again.`,
    );
  }
  return model;
}

/** A float32 tensor, stored as little-endian raw_data. */
export function floatTensor(name: string, dims: readonly number[], data: Float32Array): TensorProto {
  const rawData = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  return { name, dims: [...dims], dataType: DATA_TYPE.float, rawData };
}

/** A one-dimensional int64 tensor (axes, shapes), stored as little-endian raw_data. */
export function int64Tensor(name: string, values: readonly number[]): TensorProto {
  const data = BigInt64Array.from(values, (value) => BigInt(value));
  return { name, dims: [values.length], dataType: DATA_TYPE.int64, rawData: new Uint8Array(data.buffer) };
}

/** The declaration of a graph input or output with a static shape. */
export function valueInfo(name: string, elemType: number, dims: readonly number[]): ValueInfoProto {
  return { name, type: { tensorType: { elemType, shape: { dim: dims.map((dimValue) => ({ dimValue })) } } } };
}

/** One node with one output, named like that output. */
export function node(
  opType: string,
  input: readonly string[],
  output: string,
  attributes: Readonly<Record<string, AttributeValue>> = {},
): NodeProto {
  const attribute = Object.entries(attributes).map(([name, value]) => encodeAttribute(name, value));
  return { opType, input: [...input], output: [output], name: output, attribute };
}

function encodeAttribute(name: string, value: AttributeValue): AttributeProto {
  if (typeof value === "number") return { name, type: ATTRIBUTE_TYPE.int, i: value };
  if (typeof value === "string")
    return { name, type: ATTRIBUTE_TYPE.string, s: new TextEncoder().encode(value) };
  if (value instanceof Uint8Array) return { name, type: ATTRIBUTE_TYPE.string, s: value };
  if ("float" in value) return { name, type: ATTRIBUTE_TYPE.float, f: value.float };
  return { name, type: ATTRIBUTE_TYPE.ints, ints: [...value] };
}
