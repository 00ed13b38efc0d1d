import { ModelError } from "../domain/errors.ts";
import type { Size } from "../domain/inspection.ts";
import { encodeModel, valueInfo } from "../onnx/encode.ts";
import { DATA_TYPE } from "../onnx/onnx-proto.ts";
import type { ValueInfoProto } from "../onnx/onnx-proto.ts";
import { convOutput, convPads } from "./conv-size.ts";
import { broadcastShape, concatShape } from "./cost.ts";
import { cropOf, joinedOf } from "./crop-size.ts";
import { OnnxGraph } from "./onnx-graph.ts";
import type { OnnxMap } from "./onnx-graph.ts";
import type { Network, Ops, Shape, Weight, Weights } from "./ops.ts";

/** What to write, see `exportOnnx`. */
export interface OnnxExport {
  /** Name of the graph. */
  readonly name: string;
  /**
   * `size`: one uint8 picture [1, H, W, 3] (NHWC RGB8), given to the network as [3, H, W] in 0..1.
   * `floats`: float32 maps [1, C, H, W], given as they are.
   */
  readonly input:
    | { readonly name: string; readonly size: Size }
    | { readonly floats: readonly { readonly name: string; readonly shape: Shape }[] };
  readonly network: Network;
  /** Names of the network's outputs, in its order. */
  readonly outputs: readonly string[];
  readonly weights: Weights;
  /** 13 to 17, default 17. */
  readonly opset?: number;
  readonly metadata?: Readonly<Record<string, string>>;
}

const IR_VERSION = 8; // ONNX 1.10 to 1.12; read by TensorRT 8.5 and every ONNX Runtime since 1.10
const MIN_OPSET = 13; // ReduceSum takes its axes as an input since then
const MAX_OPSET = 17; // from 18 on the other reductions do too

/**
 * The bytes of an ONNX model of `network`: static shapes, every weight once as an initializer, batch size 1.
 * Outputs: 1 × 1 × 1 is written as [1], one channel as [1, H, W], all others as [1, C, H, W], float32.
 * A uint8 picture is cast, divided by 255 and transposed first, so the network sees [3, H, W] in 0..1.
 * Only plain operations (TensorRT 8.5 has them all); see `ALLOWED_OPS` of onnx/inspect.ts.
 * @throws ModelError `missing-weight`, `weight-shape`, `opset`, `output-count`, or as countCost for sizes that do not fit.
 */
export function exportOnnx(options: OnnxExport): Uint8Array {
  const { name, network, outputs, weights, opset = MAX_OPSET, metadata = {} } = options;
  if (opset < MIN_OPSET || opset > MAX_OPSET) {
    throw new ModelError("opset", `Opset ${opset} cannot be written; use ${MIN_OPSET} to ${MAX_OPSET}.`);
  }
  const graph = new OnnxGraph(weights);
  const input =
    "size" in options.input ? [pictureInput(options.input)] : options.input.floats.map(floatInput);
  const maps = "size" in options.input ? [pictureMap(graph, options.input)] : options.input.floats;
  const results = network(onnxOps(graph), maps);
  if (results.length !== outputs.length) {
    throw new ModelError(
      "output-count",
      `Network ${name} has ${results.length} outputs; ${outputs.length} are named.`,
    );
  }
  const output = results.map((result, index) => writeOutput(graph, result, outputs[index] ?? ""));
  return encodeModel({
    irVersion: IR_VERSION,
    producerName: "assayd",
    graph: { name, node: graph.nodes, initializer: graph.initializers, input, output },
    opsetImport: [{ domain: "", version: opset }],
    metadataProps: Object.entries(metadata).map(([key, value]) => ({ key, value })),
  });
}

const pictureInput = ({ name, size }: { name: string; size: Size }): ValueInfoProto =>
  valueInfo(name, DATA_TYPE.uint8, [1, size.height, size.width, 3]);

const floatInput = ({ name, shape }: OnnxMap): ValueInfoProto =>
  valueInfo(name, DATA_TYPE.float, [1, shape.c, shape.h, shape.w]);

function pictureMap(graph: OnnxGraph, { name, size }: { name: string; size: Size }): OnnxMap {
  const float = graph.apply("Cast", [name], { to: DATA_TYPE.float });
  const scaled = graph.apply("Div", [float, graph.scalar(255)]);
  const planes = graph.apply("Transpose", [scaled], { perm: [0, 3, 1, 2] });
  return { name: planes, shape: { c: 3, h: size.height, w: size.width } };
}

function writeOutput(
  graph: OnnxGraph,
  { name, shape: { c, h, w } }: OnnxMap,
  output: string,
): ValueInfoProto {
  if (c > 1) {
    graph.applyNamed("Identity", [name], output);
    return valueInfo(output, DATA_TYPE.float, [1, c, h, w]);
  }
  const dims = h === 1 && w === 1 ? [1] : [1, h, w];
  graph.applyNamed("Reshape", [name, graph.integers(dims)], output);
  return valueInfo(output, DATA_TYPE.float, dims);
}

function onnxOps(graph: OnnxGraph): Ops<OnnxMap> {
  return {
    shape: (x) => x.shape,
    ...layers(graph),
    ...elementwise(graph),
    ...channels(graph),
    ...spatial(graph),
  };
}

type Layers = Pick<Ops<OnnxMap>, "conv2d" | "convTranspose2x" | "convTranspose1x1" | "batchNorm">;

function layers(graph: OnnxGraph): Layers {
  return {
    conv2d: (x, name, options) => {
      const { filters, kernel, stride = 1, depthwise = false, bias = false } = options;
      const shape = convOutput(x.shape, name, options);
      const { top, left, bottom, right } = convPads(x.shape, options);
      const inputs = [
        x.name,
        graph.weight(`${name}.weight`, [filters, depthwise ? 1 : x.shape.c, kernel, kernel]),
        ...(bias ? [graph.weight(`${name}.bias`, [filters])] : []),
      ];
      const output = graph.apply("Conv", inputs, {
        kernel_shape: [kernel, kernel],
        strides: [stride, stride],
        pads: [top, left, bottom, right],
        group: depthwise ? x.shape.c : 1,
      });
      return { name: output, shape };
    },
    convTranspose2x: (x, name, filters) => {
      const weight = graph.weight(`${name}.weight`, [x.shape.c, filters, 2, 2]);
      const output = graph.apply("ConvTranspose", [x.name, weight], {
        kernel_shape: [2, 2],
        strides: [2, 2],
      });
      return { name: output, shape: { c: filters, h: 2 * x.shape.h, w: 2 * x.shape.w } };
    },
    convTranspose1x1: (x, name, filters) => {
      const weight = graph.weight(`${name}.weight`, [x.shape.c, filters, 1, 1]);
      const output = graph.apply("ConvTranspose", [x.name, weight], { kernel_shape: [1, 1] });
      return { name: output, shape: { ...x.shape, c: filters } };
    },
    batchNorm: (x, name, epsilon = 1e-5) => {
      const parts = ["weight", "bias", "running_mean", "running_var"];
      const vectors = parts.map((part) => graph.weight(`${name}.${part}`, [x.shape.c]));
      const output = graph.apply("BatchNormalization", [x.name, ...vectors], { epsilon: { float: epsilon } });
      return { name: output, shape: x.shape };
    },
  };
}

type Elementwise = Pick<
  Ops<OnnxMap>,
  | ("relu" | "relu6" | "tanh" | "sigmoid" | "square" | "sqrt")
  | ("add" | "sub" | "mul" | "maximum" | "div" | "affine" | "addConstant" | "mulConstant")
>;

function elementwise(graph: OnnxGraph): Elementwise {
  const unary = (opType: string) => (x: OnnxMap) => ({ name: graph.apply(opType, [x.name]), shape: x.shape });
  const binary = (opType: string) => (a: OnnxMap, b: OnnxMap) => ({
    shape: broadcastShape(a.shape, b.shape),
    name: graph.apply(opType, [a.name, b.name]),
  });
  const multiply = binary("Mul");
  return {
    relu: unary("Relu"),
    relu6: ({ name, shape }) => ({
      name: graph.apply("Clip", [name, graph.scalar(0), graph.scalar(6)]),
      shape,
    }),
    tanh: unary("Tanh"),
    sigmoid: unary("Sigmoid"),
    square: (x) => multiply(x, x),
    sqrt: unary("Sqrt"),
    add: binary("Add"),
    sub: binary("Sub"),
    mul: multiply,
    maximum: binary("Max"),
    div: binary("Div"),
    affine: ({ name, shape }, factor, offset) => {
      const scaled = factor === 1 ? name : graph.apply("Mul", [name, graph.scalar(factor)]);
      return { name: offset === 0 ? scaled : graph.apply("Add", [scaled, graph.scalar(offset)]), shape };
    },
    addConstant: (x, name, shape) => {
      const constant = graph.weight(name, shape, shape.length === 1 ? [x.shape.c, 1, 1] : shape);
      return { name: graph.apply("Add", [x.name, constant]), shape: x.shape };
    },
    mulConstant: (x, name, shape = [x.shape.c]) => {
      const constant = graph.weight(name, shape, shape.length === 1 ? [x.shape.c, 1, 1] : shape);
      return { name: graph.apply("Mul", [x.name, constant]), shape: x.shape };
    },
  };
}

type Channels = Pick<
  Ops<OnnxMap>,
  | "concat"
  | "sliceChannels"
  | "sumChannels"
  | "meanChannels"
  | "maxChannels"
  | "logSumExpChannels"
  | "softmaxChannels"
  | "normalizeChannels"
>;

function channels(graph: OnnxGraph): Channels {
  const axis = { axes: [1], keepdims: 1 };
  const sum = (name: string) => graph.apply("ReduceSum", [name, graph.integers([1])], { keepdims: 1 });
  const oneChannel = (name: string, { h, w }: Shape): OnnxMap => ({ name, shape: { c: 1, h, w } });
  return {
    concat: (maps) => {
      const shape = concatShape(maps.map((map) => map.shape));
      const inputs = maps.map(({ name }) => name);
      return { name: graph.apply("Concat", inputs, { axis: 1 }), shape };
    },
    sliceChannels: ({ name, shape }, from, to) => {
      const bounds = [[from], [to], [1]].map((values) => graph.integers(values));
      return { name: graph.apply("Slice", [name, ...bounds]), shape: { ...shape, c: to - from } };
    },
    sumChannels: ({ name, shape }) => oneChannel(sum(name), shape),
    meanChannels: ({ name, shape }) => oneChannel(graph.apply("ReduceMean", [name], axis), shape),
    maxChannels: ({ name, shape }) => oneChannel(graph.apply("ReduceMax", [name], axis), shape),
    // Composed, because TensorRT's ReduceLogSumExp does not subtract the maximum first.
    logSumExpChannels: ({ name, shape }) => {
      const highest = graph.apply("ReduceMax", [name], axis);
      const total = sum(graph.apply("Exp", [graph.apply("Sub", [name, highest])]));
      return oneChannel(graph.apply("Add", [graph.apply("Log", [total]), highest]), shape);
    },
    softmaxChannels: ({ name, shape }) => ({ name: graph.apply("Softmax", [name], { axis: 1 }), shape }),
    normalizeChannels: ({ name, shape }) => ({ name: normalize(graph, name), shape }),
  };
}

/**
 * x / max(‖x‖₂, 1e-8). The squares are taken of y = x / max(max|x|, 1e-4), so that they neither overflow nor vanish in an
 * FP16 engine: y / max(‖y‖, 1e-4) is the same number for every x, since ‖y‖ ≥ 1 wherever max|x| ≥ 1e-4.
 */
function normalize(graph: OnnxGraph, name: string): string {
  const guard = graph.scalar(1e-4);
  const highest = graph.apply("ReduceMax", [graph.apply("Abs", [name])], { axes: [1], keepdims: 1 });
  const scaled = graph.apply("Div", [name, graph.apply("Max", [highest, guard])]);
  const squares = graph.apply("Mul", [scaled, scaled]);
  const total = graph.apply("ReduceSum", [squares, graph.integers([1])], { keepdims: 1 });
  const norm = graph.apply("Max", [graph.apply("Sqrt", [total]), guard]);
  return graph.apply("Div", [scaled, norm]);
}

type Spatial = Pick<
  Ops<OnnxMap>,
  "avgPool" | "maxPool3x3s2" | "upsample2x" | "resample" | "maxAll" | "perCrop"
>;

function spatial(graph: OnnxGraph): Spatial {
  return {
    avgPool: ({ name, shape: { c, h, w } }, kernel) => ({
      name: graph.apply("AveragePool", [name], { kernel_shape: [kernel, kernel], strides: [kernel, kernel] }),
      shape: { c, h: Math.floor(h / kernel), w: Math.floor(w / kernel) },
    }),
    maxPool3x3s2: ({ name, shape: { c, h, w } }) => ({
      name: graph.apply("MaxPool", [name], { kernel_shape: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1] }),
      shape: { c, h: Math.floor((h - 1) / 2) + 1, w: Math.floor((w - 1) / 2) + 1 },
    }),
    upsample2x: ({ name, shape: { c, h, w } }) => ({
      name: graph.apply("Resize", [name, "", graph.floats([1, 1, 2, 2])], {
        mode: "nearest",
        coordinate_transformation_mode: "asymmetric",
        nearest_mode: "floor",
      }),
      shape: { c, h: 2 * h, w: 2 * w },
    }),
    resample: (x, left, right) => resample(graph, x, { left, right }),
    maxAll: ({ name }) => ({
      name: graph.apply("ReduceMax", [name], { axes: [1, 2, 3], keepdims: 1 }),
      shape: { c: 1, h: 1, w: 1 },
    }),
    perCrop: (x, count, inside) => inside(cut(graph, x, count)).map((crops) => join(graph, crops, count)),
  };
}

/** [1, C, H, W] → [count², C, H/count, W/count]: inside, `OnnxMap.shape` is that of one crop and the batch is count². */
function cut(graph: OnnxGraph, { name, shape }: OnnxMap, count: number): OnnxMap {
  const crop = cropOf(shape, count);
  const { c, h, w } = crop;
  const grid = graph.apply("Reshape", [name, graph.integers([c, count, h, count, w])]);
  const crops = graph.apply("Transpose", [grid], { perm: [1, 3, 0, 2, 4] });
  return { name: graph.apply("Reshape", [crops, graph.integers([count ** 2, c, h, w])]), shape: crop };
}

function join(graph: OnnxGraph, { name, shape }: OnnxMap, count: number): OnnxMap {
  const joined = joinedOf(shape, count);
  const crops = graph.apply("Reshape", [name, graph.integers([count, count, shape.c, shape.h, shape.w])]);
  const grid = graph.apply("Transpose", [crops], { perm: [2, 0, 3, 1, 4] });
  const dims = graph.integers([1, joined.c, joined.h, joined.w]);
  return { name: graph.apply("Reshape", [grid, dims]), shape: joined };
}

function resample(
  graph: OnnxGraph,
  { name, shape }: OnnxMap,
  sides: { left: Weight; right: Weight },
): OnnxMap {
  const rows = graph.apply("MatMul", [graph.matrix(sides.left, "plain"), name]);
  const columns = graph.apply("MatMul", [rows, graph.matrix(sides.right, "transposed")]);
  const [h = 0] = sides.left.shape;
  const [w = 0] = sides.right.shape;
  return { name: columns, shape: { c: shape.c, h, w } };
}
