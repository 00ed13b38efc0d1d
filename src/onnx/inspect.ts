import { ModelError } from "../domain/errors.ts";
import { decodeModel } from "./encode.ts";
import type { AttributeProto, GraphProto, ModelProto, NodeProto, TensorProto } from "./onnx-proto.ts";

/** The operations graph/onnx-ops.ts writes (ONNX's own domain); nothing else is accepted from outside. */
const ALLOWED_OPS: ReadonlySet<string> = new Set([
  ...["Conv", "ConvTranspose", "BatchNormalization", "AveragePool", "MaxPool", "Resize", "MatMul"],
  ...["Relu", "Clip", "Tanh", "Sigmoid", "Exp", "Log", "Sqrt", "Abs", "Add", "Sub", "Mul", "Div", "Max"],
  ...["Cast", "Transpose", "Reshape", "Identity", "Concat", "Slice"],
  ...["ReduceSum", "ReduceMean", "ReduceMax", "Softmax"],
]);

/** How strict to be with a model; the defaults fit everything assayd exports. */
export interface InspectOptions {
  /** Default 1 GiB. */
  readonly maxBytes?: number;
  /** Accept `com.microsoft` EPContext nodes (a TensorRT engine in ONNX clothes, made on this machine). Default "refuse". */
  readonly epContext?: "allow" | "refuse";
  /** How messages call the model, e.g. its path. Default "model". */
  readonly source?: string;
}

const DEFAULT_MAX_BYTES = 2 ** 30;
const MAX_OPSET = 17;
const MAX_IR_VERSION = 8;
const MAX_NODES = 100_000;
const EP_CONTEXT_DOMAIN = "com.microsoft";
/** Bytes a number of `TensorProto.DataType`; other kinds are refused. */
const ELEMENT_BYTES: Readonly<Record<number, number>> = { 1: 4, 2: 1, 3: 1, 6: 4, 7: 8, 9: 1, 10: 2, 11: 8 };

/**
 * Walks an untrusted model before any runtime sees it: size, versions, only the operations assayd itself writes, no data
 * outside the file, no functions, subgraphs or sparse tensors, tensors exactly as long as their shape says.
 * @returns the decoded model.
 * @throws ModelError `model-too-large`, `model-unreadable`, `model-version`, `model-op`, `model-external-data`,
 *   `model-tensor` or `model-feature`.
 */
export function inspectModel(bytes: Uint8Array, options: InspectOptions = {}): ModelProto {
  const { maxBytes = DEFAULT_MAX_BYTES, epContext = "refuse", source = "model" } = options;
  const refuse: Refuse = (code, what) => {
    throw new ModelError(code, `${source} ${what}. Export it again with assayd; it was not loaded.`);
  };
  if (bytes.length > maxBytes)
    refuse("model-too-large", `has ${bytes.length} bytes; at most ${maxBytes} are accepted`);
  const model = decodeModel(bytes);
  const walk = { refuse, epContext: epContext === "allow" };
  checkVersions(model, walk);
  if (model.functions) refuse("model-feature", "defines functions of its own");
  if (model.trainingInfo) refuse("model-feature", "carries training information");
  if (model.graph) checkGraph(model.graph, walk);
  return model;
}

type Refuse = (code: string, what: string) => never;

interface Walk {
  readonly refuse: Refuse;
  readonly epContext: boolean;
}

function checkVersions({ irVersion = 0, opsetImport = [] }: ModelProto, { refuse, epContext }: Walk): void {
  if (irVersion > MAX_IR_VERSION)
    refuse("model-version", `has IR version ${irVersion}; at most ${MAX_IR_VERSION} is accepted`);
  for (const { domain = "", version = 0 } of opsetImport) {
    if (isOnnxDomain(domain)) {
      if (version > MAX_OPSET)
        refuse("model-version", `needs opset ${version}; at most ${MAX_OPSET} is accepted`);
    } else if (!epContext || domain !== EP_CONTEXT_DOMAIN) {
      refuse("model-op", `imports the operation domain ${JSON.stringify(domain)}, which is not allowed`);
    }
  }
}

const isOnnxDomain = (domain: string): boolean => domain === "" || domain === "ai.onnx";

function checkGraph({ node = [], initializer = [], sparseInitializer }: GraphProto, walk: Walk): void {
  if (sparseInitializer) walk.refuse("model-feature", "has sparse initializers");
  if (node.length > MAX_NODES)
    walk.refuse("model-too-large", `has ${node.length} nodes; at most ${MAX_NODES} are accepted`);
  for (const tensor of initializer) checkTensor(tensor, walk);
  for (const one of node) checkNode(one, walk);
}

function checkNode({ opType = "", domain = "", name = "", attribute = [] }: NodeProto, walk: Walk): void {
  const isEpContext = walk.epContext && domain === EP_CONTEXT_DOMAIN && opType === "EPContext";
  if (!isEpContext && !(isOnnxDomain(domain) && ALLOWED_OPS.has(opType))) {
    const operation = domain === "" ? opType : `${domain}.${opType}`;
    walk.refuse(
      "model-op",
      `uses the operation ${JSON.stringify(operation)} (node ${JSON.stringify(name)}), which is not allowed`,
    );
  }
  for (const one of attribute) checkAttribute(one, walk);
  if (isEpContext) checkEpContext(attribute, walk);
}

function checkAttribute(
  { name = "", t, g, graphs, tensors = [], sparseTensor, sparseTensors }: AttributeProto,
  walk: Walk,
): void {
  if (g ?? graphs) walk.refuse("model-feature", `has a subgraph in attribute ${JSON.stringify(name)}`);
  if (sparseTensor ?? sparseTensors)
    walk.refuse("model-feature", `has a sparse tensor in attribute ${JSON.stringify(name)}`);
  for (const tensor of t ? [t, ...tensors] : tensors) checkTensor(tensor, walk);
}

function checkTensor(tensor: TensorProto, { refuse }: Walk): void {
  const { name = "", dims = [], dataType = 0, rawData, externalData, dataLocation = 0 } = tensor;
  const label = `tensor ${JSON.stringify(name)}`;
  if (externalData ?? dataLocation !== 0) refuse("model-external-data", `keeps ${label} outside the file`);
  const elementBytes = ELEMENT_BYTES[dataType];
  if (elementBytes === undefined)
    return refuse("model-tensor", `has ${label} of data type ${dataType}, which is not allowed`);
  const size = dims.reduce((product, length) => (length >= 0 ? product * length : NaN), 1);
  const stored = rawData ? rawData.length / elementBytes : listedLength(tensor);
  if (size !== stored) refuse("model-tensor", `has ${label} [${dims.join(", ")}] with ${stored} values`);
}

function listedLength({ floatData = [], int32Data = [], int64Data = [] }: TensorProto): number {
  return floatData.length + int32Data.length + int64Data.length;
}

/** The engine must be inside the file (embed_mode 1) or beside it: a plain relative path without `..`. */
function checkEpContext(attributes: readonly AttributeProto[], { refuse }: Walk): void {
  const find = (wanted: string) => attributes.find(({ name }) => name === wanted);
  if (find("embed_mode")?.i === 1) return;
  const path = new TextDecoder().decode(find("ep_cache_context")?.s);
  const isBeside = /^[\w.-]+(\/[\w.-]+)*$/.test(path) && !path.split("/").includes("..");
  if (!isBeside)
    refuse(
      "model-external-data",
      `refers to the engine ${JSON.stringify(path)}; it must lie beside the model`,
    );
}
