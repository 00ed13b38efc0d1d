import { open, rename, rm, type FileHandle } from "node:fs/promises";
import type { Shape } from "../graph/ops.ts";
import { decodeHalf, encodeHalf } from "./float16.ts";

/**
 * Feature maps of many pictures in one file: records of equal length, float16, each level in turn as [H, W, C] (the layout
 * that tfjs trains on). Written once, then read by index, so that memory stays flat however many pictures there are.
 */
export class FeatureFile {
  readonly #file: FileHandle;
  readonly #shapes: readonly Shape[];
  readonly count: number;

  private constructor(file: FileHandle, shapes: readonly Shape[], count: number) {
    this.#file = file;
    this.#shapes = shapes;
    this.count = count;
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
    const existing = await openIfWhole(path, count * recordBytes(shapes));
    if (existing) return new FeatureFile(existing, shapes, count);
    const temporary = `${path}.tmp`;
    const writer = await open(temporary, "w");
    try {
      for await (const levels of produce()) await writer.writeFile(encodeRecord(levels, shapes));
      await writer.sync();
      await rename(temporary, path);
    } catch (error) {
      await rm(temporary, { force: true }); // useless, and perhaps the reason why the disk is full
      throw error;
    } finally {
      await writer.close();
    }
    return new FeatureFile(await open(path, "r"), shapes, count);
  }

  get shapes(): readonly Shape[] {
    return this.#shapes;
  }

  /** The records of `indices`, joined level by level: [indices.length, H, W, C] each. */
  async read(indices: readonly number[]): Promise<Float32Array[]> {
    const joined = this.#shapes.map((shape) => new Float32Array(indices.length * sizeOf(shape)));
    const bytes = Buffer.alloc(recordBytes(this.#shapes));
    for (const [position, index] of indices.entries()) {
      await this.#file.read(bytes, 0, bytes.length, index * bytes.length);
      decodeRecord(
        new Uint16Array(bytes.buffer, bytes.byteOffset, bytes.length / 2),
        this.#shapes,
        joined,
        position,
      );
    }
    return joined;
  }

  async close(): Promise<void> {
    await this.#file.close();
  }
}

async function openIfWhole(path: string, expectedBytes: number): Promise<FileHandle | null> {
  const file = await open(path, "r").catch(() => null);
  if (!file) return null;
  if ((await file.stat()).size === expectedBytes) return file;
  await file.close();
  return null;
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

function decodeRecord(
  record: Uint16Array,
  shapes: readonly Shape[],
  joined: readonly Float32Array[],
  position: number,
): void {
  let offset = 0;
  for (const [index, shape] of shapes.entries()) {
    const target = joined[index]!;
    const size = sizeOf(shape);
    const start = position * size;
    for (let i = 0; i < size; i += 1) target[start + i] = decodeHalf(record[offset + i]!);
    offset += size;
  }
}
