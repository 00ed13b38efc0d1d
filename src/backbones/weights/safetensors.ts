import { z } from "zod";
import { InputError, messageOf } from "../../domain/errors.ts";
import type { Weight, Weights } from "../../graph/ops.ts";
import { FLOAT_BYTES, type FloatFormat, toFloat32 } from "./float-formats.ts";

// The format: 8 bytes little-endian length of the header, the header in JSON, the numbers
// (safetensors README, "Format"). Offsets count from the end of the header.
const LENGTH_BYTES = 8;
const MAX_HEADER_BYTES = 100_000_000; // as the reference implementation
const ALIGNMENT = 8;
const METADATA = "__metadata__";
const BRACE = 0x7b;

const FORMATS: Readonly<Record<string, FloatFormat>> = {
  F32: "float32",
  F16: "float16",
  BF16: "bfloat16",
  F64: "float64",
};

const count = z.int().nonnegative();
const tensorSchema = z.object({
  dtype: z.string(),
  shape: z.array(count).max(8),
  data_offsets: z.tuple([count, count]),
});
const metadataSchema = z.record(z.string(), z.string());

interface Entry {
  readonly name: string;
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly begin: number;
  readonly end: number;
}

/**
 * Weights of a safetensors file: F32, F16, BF16 and F64 become float32; integer tensors are skipped.
 * @param bytes the whole file   @param file its name, for messages
 * @throws InputError if the header is no header, or tensors overlap, leave gaps, reach outside or have the wrong size
 */
export function readSafetensors(bytes: Uint8Array, file = "The safetensors file"): Weights {
  const { header, numbers } = splitFile(bytes, file);
  const entries = Object.entries(header)
    .filter(([name]) => name !== METADATA)
    .map(([name, value]) => entryOf(name, value, file));
  checkLayout(entries, numbers.length, file);
  const weights = new Map<string, Weight>();
  for (const { name, dtype, shape, begin, end } of entries) {
    const format = FORMATS[dtype];
    if (format !== undefined)
      weights.set(name, { shape, data: toFloat32(numbers.subarray(begin, end), format) });
  }
  return weights;
}

/** The free text that {@link writeSafetensors} put beside the weights. @throws InputError as {@link readSafetensors} */
export function readSafetensorsMetadata(
  bytes: Uint8Array,
  file = "The safetensors file",
): Readonly<Record<string, string>> {
  const parsed = metadataSchema.safeParse(splitFile(bytes, file).header[METADATA] ?? {});
  if (!parsed.success) throw bad(file, `its ${METADATA} is no list of texts`);
  return parsed.data;
}

/**
 * A safetensors file with all weights as F32, in the order of the map.
 * @param metadata free text
 * @throws RangeError if a weight is called `__metadata__`, or its shape and numbers disagree
 */
export function writeSafetensors(
  weights: Weights,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array {
  let at = 0;
  // Pairs, not an object literal: a weight may be called "__proto__".
  const header: [string, unknown][] = Object.keys(metadata).length === 0 ? [] : [[METADATA, metadata]];
  for (const [name, { shape, data }] of weights) {
    if (name === METADATA || product(shape) !== data.length) {
      throw new RangeError(
        `Weight ${name} [${shape.join(", ")}] with ${data.length} numbers cannot be written.`,
      );
    }
    header.push([name, { dtype: "F32", shape, data_offsets: [at, (at += data.byteLength)] }]);
  }
  const text = new TextEncoder().encode(JSON.stringify(Object.fromEntries(header)));
  const headerBytes = Math.ceil(text.length / ALIGNMENT) * ALIGNMENT;
  const bytes = new Uint8Array(LENGTH_BYTES + headerBytes + at).fill(0x20, 0, LENGTH_BYTES + headerBytes); // padded with spaces
  new DataView(bytes.buffer).setBigUint64(0, BigInt(headerBytes), true);
  bytes.set(text, LENGTH_BYTES);
  let next = LENGTH_BYTES + headerBytes;
  for (const { data } of weights.values()) {
    bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), next);
    next += data.byteLength;
  }
  return bytes;
}

/** Whether a file begins as a safetensors file, whatever it is called: a length, then the header's brace. */
export function isSafetensors(bytes: Uint8Array): boolean {
  return bytes[LENGTH_BYTES] === BRACE && bytes[LENGTH_BYTES - 1] === 0; // no header has 2^56 bytes
}

function splitFile(
  bytes: Uint8Array,
  file: string,
): { header: Record<string, unknown>; numbers: Uint8Array } {
  if (bytes.length < LENGTH_BYTES) throw bad(file, `it has only ${bytes.length} bytes`);
  const length = Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true));
  if (length > MAX_HEADER_BYTES || length > bytes.length - LENGTH_BYTES) {
    throw bad(file, `its header should have ${length} bytes, the file has ${bytes.length}`);
  }
  const text = new TextDecoder().decode(bytes.subarray(LENGTH_BYTES, LENGTH_BYTES + length));
  return { header: parseHeader(text, file), numbers: bytes.subarray(LENGTH_BYTES + length) };
}

function parseHeader(text: string, file: string): Record<string, unknown> {
  let header: unknown;
  try {
    header = JSON.parse(text);
  } catch (error) {
    throw bad(file, `its header is no JSON (${messageOf(error)})`, error);
  }
  if (typeof header !== "object" || header === null || Array.isArray(header))
    throw bad(file, "its header is no object");
  return header as Record<string, unknown>;
}

function entryOf(name: string, value: unknown, file: string): Entry {
  const parsed = tensorSchema.safeParse(value);
  if (!parsed.success) throw bad(file, `its header describes ${JSON.stringify(name)} in an unknown way`);
  const { dtype, shape, data_offsets } = parsed.data;
  return { name, dtype, shape, begin: data_offsets[0], end: data_offsets[1] };
}

/** Tensors must cover the numbers exactly, one after the other, each with the size that its shape says. */
function checkLayout(entries: readonly Entry[], length: number, file: string): void {
  let at = 0;
  for (const { name, dtype, shape, begin, end } of entries.toSorted(
    (a, b) => a.begin - b.begin || a.end - b.end,
  )) {
    if (begin !== at || end < begin)
      throw bad(file, `tensor ${JSON.stringify(name)} overlaps another one or leaves a gap`);
    const format = FORMATS[dtype];
    const expected = format === undefined ? end - begin : product(shape) * FLOAT_BYTES[format];
    if (end - begin !== expected) {
      throw bad(
        file,
        `tensor ${JSON.stringify(name)} [${shape.join(", ")}] has ${end - begin} bytes instead of ${expected}`,
      );
    }
    at = end;
  }
  if (at !== length)
    throw bad(file, `its tensors take ${at} bytes, but ${length} are there (cut off or added to)`);
}

function product(shape: readonly number[]): number {
  return shape.reduce((all, side) => all * side, 1);
}

function bad(file: string, problem: string, cause?: unknown): InputError {
  return new InputError(
    "bad-weight-file",
    `${file} is no usable safetensors file: ${problem}. Get or write it again.`,
    { cause },
  );
}
