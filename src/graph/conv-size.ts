import { ModelError } from "../domain/errors.ts";
import type { ConvOptions, Shape } from "./ops.ts";

/** Pixels added around a map before a convolution. */
export interface Pads {
  readonly top: number;
  readonly left: number;
  readonly bottom: number;
  readonly right: number;
}

/** The padding that `options` means for this input, explicit on every side. */
export function convPads(input: Shape, options: ConvOptions): Pads {
  const { padding = Math.floor(options.kernel / 2) } = options;
  if (padding !== "same-tf") return { top: padding, left: padding, bottom: padding, right: padding };
  const [top, bottom] = samePads(input.h, options);
  const [left, right] = samePads(input.w, options);
  return { top, left, bottom, right };
}

/**
 * Output size of a convolution.
 * @throws ModelError `conv-size` if the kernel does not fit, or a depthwise convolution would change the channels.
 */
export function convOutput(input: Shape, name: string, options: ConvOptions): Shape {
  const { filters, kernel, stride = 1, depthwise = false } = options;
  if (depthwise && filters !== input.c) {
    throw new ModelError(
      "conv-size",
      `Depthwise convolution ${name} has ${filters} filters for ${input.c} channels; they must be equal.`,
    );
  }
  const pads = convPads(input, options);
  const h = Math.floor((input.h + pads.top + pads.bottom - kernel) / stride) + 1;
  const w = Math.floor((input.w + pads.left + pads.right - kernel) / stride) + 1;
  if (h >= 1 && w >= 1) return { c: filters, h, w };
  throw new ModelError(
    "conv-size",
    `Convolution ${name} with kernel ${kernel} does not fit a map of ${input.h} × ${input.w}; use a larger input.`,
  );
}

// tensorflow.org/api_docs/python/tf/nn "Notes on padding": the odd pixel goes to the end.
function samePads(size: number, { kernel, stride = 1 }: ConvOptions): [number, number] {
  const total = Math.max((Math.ceil(size / stride) - 1) * stride + kernel - size, 0);
  const before = Math.floor(total / 2);
  return [before, total - before];
}
