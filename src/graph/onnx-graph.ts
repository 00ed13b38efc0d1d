import { floatTensor, int64Tensor, node } from "../onnx/encode.ts";
import type { AttributeValue } from "../onnx/encode.ts";
import type { NodeProto, TensorProto } from "../onnx/onnx-proto.ts";
import type { Shape, Weight, Weights } from "./ops.ts";
import { requireWeight } from "./require-weight.ts";

/** A feature map inside an ONNX graph: [1, c, h, w] float32 under `name`. */
export interface OnnxMap {
  readonly name: string;
  readonly shape: Shape;
}

/**
 * Nodes and initializers of a graph that is being written. Node outputs are named `<OpType>_<counter>`, initializers after
 * their weight, so that the same network gives the same bytes.
 */
export class OnnxGraph {
  readonly nodes: NodeProto[] = [];
  readonly initializers: TensorProto[] = [];
  readonly #weights: Weights;
  readonly #names = new Set<string>();
  readonly #matrices = new Map<Weight, string>();
  #counter = 0;

  constructor(weights: Weights) {
    this.#weights = weights;
  }

  /** Appends a node. @returns the name of its output. */
  apply(
    opType: string,
    inputs: readonly string[],
    attributes?: Readonly<Record<string, AttributeValue>>,
  ): string {
    const output = `${opType}_${this.#counter++}`;
    this.nodes.push(node(opType, inputs, output, attributes));
    return output;
  }

  /** Appends a node whose output has a name of its own. */
  applyNamed(opType: string, inputs: readonly string[], output: string): void {
    this.nodes.push(node(opType, inputs, output));
  }

  /**
   * Name of a weight's initializer, written once however often it is used.
   * @param dims as the graph stores it, e.g. [C, 1, 1] for a [C] that is broadcast
   */
  weight(name: string, shape: readonly number[], dims: readonly number[] = shape): string {
    const { data } = requireWeight(this.#weights, name, shape);
    const stored = dims === shape ? name : `${name}:${dims.join("x")}`;
    return this.#initializer(stored, () => floatTensor(stored, dims, data));
  }

  /** Name of a scalar constant. */
  scalar(value: number): string {
    const name = `constant:${value}`;
    return this.#initializer(name, () => floatTensor(name, [], Float32Array.of(value)));
  }

  /** Name of an int64 vector constant (axes, shapes, starts). */
  integers(values: readonly number[]): string {
    const name = `integers:${values.join(",")}`;
    return this.#initializer(name, () => int64Tensor(name, values));
  }

  /** Name of a float vector constant. */
  floats(values: readonly number[]): string {
    const name = `floats:${values.join(",")}`;
    return this.#initializer(name, () => floatTensor(name, [values.length], Float32Array.from(values)));
  }

  /** Name of a matrix given as data; the same object is written once for each layout. */
  matrix(matrix: Weight, layout: "plain" | "transposed"): string {
    const known = this.#matrices.get(matrix);
    const base = known ?? `matrix_${this.#matrices.size}`;
    if (known === undefined) this.#matrices.set(matrix, base);
    if (layout === "plain")
      return this.#initializer(base, () => floatTensor(base, matrix.shape, matrix.data));
    const name = `${base}:transposed`;
    return this.#initializer(name, () => {
      const [rows = 0, columns = 0] = matrix.shape;
      return floatTensor(name, [columns, rows], transpose(matrix.data, rows, columns));
    });
  }

  #initializer(name: string, create: () => TensorProto): string {
    if (!this.#names.has(name)) {
      this.#names.add(name);
      this.initializers.push(create());
    }
    return name;
  }
}

function transpose(data: Float32Array, rows: number, columns: number): Float32Array {
  const transposed = new Float32Array(data.length);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      transposed[column * rows + row] = data[row * columns + column] ?? 0;
    }
  }
  return transposed;
}
