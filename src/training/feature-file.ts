import type { Shape } from "../graph/ops.ts";
import { decodeHalf, encodeHalf } from "./float16.ts";
import { RecordFile } from "./record-file.ts";

/**
 * Feature maps of many pictures in one file: float16, each level in turn as [H, W, C] (the layout that tfjs trains on).
 * Written once, then read by index.
 */
export class FeatureFile {
  readonly #records: RecordFile;
  /** Of all levels in a record. */
  readonly #stored: readonly Shape[];
  /** Positions among them of the levels that `read` gives. */
  readonly #wanted: readonly number[];

  private constructor(records: RecordFile, stored: readonly Shape[], wanted: readonly number[]) {
    this.#records = records;
    this.#stored = stored;
    this.#wanted = wanted;
  }

  /**
   * Opens `path`, made first if it is not there: `produce` gives the records in order, each one array a level in
   * channels-first order [C, H, W] as ONNX Runtime returns them. A failed write leaves nothing behind, a killed one nothing under `path`.
   */
  static async openOrMake(
    path: string,
    shapes: readonly Shape[],
    count: number,
    produce: () => AsyncIterable<readonly Float32Array[]>,
  ): Promise<FeatureFile> {
    const form = { recordBytes: recordBytes(shapes), count };
    const records = await RecordFile.openOrMake(path, form, async function* () {
      for await (const levels of produce()) yield encodeRecord(levels, shapes);
    });
    return new FeatureFile(records, shapes, [...shapes.keys()]);
  }

  /** The same file, of which `read` gives only some levels. @param positions among `shapes`, ascending */
  only(positions: readonly number[]): FeatureFile {
    return new FeatureFile(
      this.#records,
      this.#stored,
      positions.map((position) => this.#wanted[position]!),
    );
  }

  get count(): number {
    return this.#records.count;
  }

  get shapes(): readonly Shape[] {
    return this.#wanted.map((level) => this.#stored[level]!);
  }

  /** The records of `indices`, joined level by level: [indices.length, H, W, C] each. */
  async read(indices: readonly number[]): Promise<Float32Array[]> {
    const joined = this.shapes.map((shape) => new Float32Array(indices.length * sizeOf(shape)));
    for (const [position, index] of indices.entries()) {
      const bytes = await this.#records.read(index);
      let offset = 0;
      for (const [level, shape] of this.#stored.entries()) {
        const target = joined[this.#wanted.indexOf(level)];
        if (target)
          decodeInto(
            target,
            position * sizeOf(shape),
            new Uint16Array(bytes.buffer, 2 * offset, sizeOf(shape)),
          );
        offset += sizeOf(shape);
      }
    }
    return joined;
  }

  async close(): Promise<void> {
    await this.#records.close();
  }
}

function sizeOf(shape: Shape): number {
  return shape.c * shape.h * shape.w;
}

function recordBytes(shapes: readonly Shape[]): number {
  return shapes.reduce((sum, shape) => sum + 2 * sizeOf(shape), 0);
}

function encodeRecord(levels: readonly Float32Array[], shapes: readonly Shape[]): Uint8Array {
  const record = new Uint16Array(recordBytes(shapes) / 2);
  let offset = 0;
  for (const [index, { c, h, w }] of shapes.entries()) {
    const features = levels[index]!;
    const pixels = h * w;
    for (let channel = 0; channel < c; channel += 1) {
      for (let pixel = 0; pixel < pixels; pixel += 1) {
        record[offset + pixel * c + channel] = encodeHalf(features[channel * pixels + pixel]!);
      }
    }
    offset += c * pixels;
  }
  return new Uint8Array(record.buffer);
}

function decodeInto(target: Float32Array, start: number, halves: Uint16Array): void {
  for (let i = 0; i < halves.length; i += 1) target[start + i] = decodeHalf(halves[i]!);
}
