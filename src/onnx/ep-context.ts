import { encodeModel, node, valueInfo } from "./encode.ts";
import { DATA_TYPE } from "./onnx-proto.ts";

/** A graph's input or output; shapes are static. */
export interface TensorDescription {
  readonly name: string;
  readonly type: "float32" | "uint8";
  readonly dims: readonly number[];
}

/**
 * An ONNX model of one `EPContext` node that makes ONNX Runtime load a ready TensorRT engine, past parser and builder:
 * the only way to an FP16 engine from the unmodified Node binding (platform.md §1.3 A; ONNX Runtime PR #18217).
 * @param options.engineFile name of the engine, beside the wrapper: ONNX Runtime refuses absolute paths and "..".
 */
export function encodeEpContext(options: {
  readonly engineFile: string;
  readonly inputs: readonly TensorDescription[];
  readonly outputs: readonly TensorDescription[];
}): Uint8Array {
  const outputNames = options.outputs.map((output) => output.name);
  const context = node(
    "EPContext",
    options.inputs.map((input) => input.name),
    outputNames[0] ?? "",
    {
      main_context: 1,
      embed_mode: 0,
      ep_cache_context: options.engineFile,
      source: "TensorrtExecutionProvider",
    },
  );
  const declare = ({ name, type, dims }: TensorDescription) =>
    valueInfo(name, type === "uint8" ? DATA_TYPE.uint8 : DATA_TYPE.float, dims);
  return encodeModel({
    irVersion: 8,
    producerName: "assayd",
    opsetImport: [
      { domain: "", version: 17 },
      { domain: "com.microsoft", version: 1 },
    ],
    graph: {
      name: "engine",
      node: [{ ...context, domain: "com.microsoft", output: outputNames }],
      input: options.inputs.map(declare),
      output: options.outputs.map(declare),
    },
  });
}
