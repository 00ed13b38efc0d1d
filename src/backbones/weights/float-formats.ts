/** Bytes of one number in the floating-point formats that weight files use (all little-endian). */
export const FLOAT_BYTES = { float16: 2, bfloat16: 2, float32: 4, float64: 8 } as const;

export type FloatFormat = keyof typeof FLOAT_BYTES;

/**
 * Numbers of a weight file as float32; float64 is rounded, the 16-bit formats are exact.
 * @param bytes any alignment; its length must be a multiple of the format's size
 */
export function toFloat32(bytes: Uint8Array, format: FloatFormat): Float32Array {
  const count = bytes.length / FLOAT_BYTES[format];
  const copy = new Uint8Array(bytes).buffer; // aligned (a Buffer's slice would not copy); the views below read it in the machine's order, little-endian on x64 and arm64
  switch (format) {
    case "float32":
      return new Float32Array(copy, 0, count);
    case "float64":
      return Float32Array.from(new Float64Array(copy, 0, count));
    case "bfloat16":
      // The upper half of a float32.
      return new Float32Array(Uint32Array.from(new Uint16Array(copy, 0, count), (bits) => bits << 16).buffer);
    case "float16":
      return Float32Array.from(new Uint16Array(copy, 0, count), halfToNumber);
  }
}

/** IEEE 754 binary16: 1 sign, 5 exponent (bias 15), 10 fraction bits. */
function halfToNumber(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 0x1f) return fraction === 0 ? sign * Infinity : NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}
