import { tf } from "./tf.ts";

/** One attribute of a TensorFlow operation, in the form tfjs-node's binding takes. */
export interface KernelAttribute {
  readonly name: string;
  readonly type: number;
  readonly value: boolean | number | string | readonly number[];
}

interface NodeBackend {
  readonly binding: Readonly<
    Record<
      | (
          | "TF_ATTR_TYPE"
          | "TF_ATTR_INT"
          | "TF_ATTR_FLOAT"
          | "TF_ATTR_BOOL"
          | "TF_ATTR_STRING"
          | "TF_ATTR_SHAPE"
        )
      | ("TF_FLOAT" | "TF_INT32" | "TF_RESOURCE"),
      number
    >
  >;
  executeMultipleOutputs(
    name: string,
    attributes: readonly KernelAttribute[],
    inputs: readonly tf.Tensor[],
    outputCount: number,
  ): tf.Tensor[];
}

const backend = tf.backend() as unknown as NodeBackend;
const { binding } = backend;

/** Makers of attributes, by the attribute's kind in TensorFlow's operation definition. */
export const attribute = {
  floatType: (name: string): KernelAttribute => ({
    name,
    type: binding.TF_ATTR_TYPE,
    value: binding.TF_FLOAT,
  }),
  int32Type: (name: string): KernelAttribute => ({
    name,
    type: binding.TF_ATTR_TYPE,
    value: binding.TF_INT32,
  }),
  int: (name: string, value: number | readonly number[]): KernelAttribute => ({
    name,
    type: binding.TF_ATTR_INT,
    value,
  }),
  float: (name: string, value: number): KernelAttribute => ({ name, type: binding.TF_ATTR_FLOAT, value }),
  bool: (name: string, value: boolean): KernelAttribute => ({ name, type: binding.TF_ATTR_BOOL, value }),
  string: (name: string, value: string): KernelAttribute => ({ name, type: binding.TF_ATTR_STRING, value }),
  shape: (name: string, value: readonly number[]): KernelAttribute => ({
    name,
    type: binding.TF_ATTR_SHAPE,
    value,
  }),
};

/**
 * Runs any TensorFlow kernel, also those that tfjs does not know (platform.md §0.6). Not recorded for gradients.
 * @throws Error of the binding, with TensorFlow's own message.
 */
export function runTfKernel(
  name: string,
  attributes: readonly KernelAttribute[],
  inputs: readonly tf.Tensor[],
  outputCount = 1,
): tf.Tensor[] {
  return backend.executeMultipleOutputs(name, attributes, inputs, outputCount);
}

/** As `runTfKernel`, for a kernel with one output. */
export function runTfKernel1(
  name: string,
  attributes: readonly KernelAttribute[],
  inputs: readonly tf.Tensor[],
): tf.Tensor {
  const [output] = runTfKernel(name, attributes, inputs);
  if (!output) throw new TypeError(`TensorFlow's ${name} gave no output`);
  return output;
}
