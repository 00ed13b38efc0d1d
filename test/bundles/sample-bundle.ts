import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { BundleManifest } from "../../src/bundles/manifest.ts";
import { createManifest } from "../../src/bundles/write.ts";
import { exportOnnx } from "../../src/graph/onnx-ops.ts";
import type { Network } from "../../src/graph/ops.ts";

const SAMPLE_SIZE = { width: 16, height: 16 };

export interface SampleOptions {
  readonly parent?: string | null;
  readonly recipe?: string;
  readonly createdAt?: string;
  readonly alsoFor?: BundleManifest["alsoFor"];
  /** The model's score is the brightest pixel (mean of RGB, 0..1) times this. */
  readonly gain?: number;
  /** Added to every golden score: makes the bundle refused. */
  readonly goldenError?: number;
  /** Rounds of resampling that only cost time. */
  readonly rounds?: number;
  readonly size?: { readonly width: number; readonly height: number };
  /** Larger pictures, cut into tiles of `size`. */
  readonly tiling?: BundleManifest["tiling"];
  /** More files of the bundle, by name. */
  readonly files?: Readonly<Record<string, Uint8Array>>;
}

/** A grey picture with one bright pixel of value `peak`. */
export function picture(peak: number, size = SAMPLE_SIZE): Uint8Array {
  const data = new Uint8Array(size.width * size.height * 3).fill(10);
  data.fill(peak, 3 * 20, 3 * 21);
  return data;
}

/** The sample model's score of `picture(peak)`. */
export function expectedScore(peak: number, gain = 1): number {
  return (peak / 255) * gain;
}

/** The sample model: map = gain * mean of RGB, score = its highest value. */
export function sampleModel(options: SampleOptions = {}): Uint8Array {
  const size = options.size ?? SAMPLE_SIZE;
  const eye = { shape: [size.width, size.width], data: new Float32Array(size.width * size.width) };
  for (let i = 0; i < size.width; i += 1) eye.data[i * size.width + i] = 1;
  const network: Network = (ops, inputs) => {
    const [image] = inputs;
    if (image === undefined) throw new Error("no input");
    let map = ops.affine(ops.meanChannels(image), options.gain ?? 1, 0);
    for (let round = 0; round < (options.rounds ?? 0); round += 1) map = ops.resample(map, eye, eye);
    return [ops.maxAll(map), map];
  };
  return exportOnnx({
    name: "sample",
    input: { name: "image", size },
    network,
    outputs: ["score", "map"],
    weights: new Map(),
  });
}

export function sampleThreshold(value: number): BundleManifest["threshold"] {
  return { value, quantile: 0.99, factor: 1, heldOut: 10, falseRejectRate: { low: 0, high: 0.3 } };
}

/** Writes a finished bundle into `folder`/`id` and gives its folder. */
export async function sampleBundle(folder: string, id: string, options: SampleOptions = {}): Promise<string> {
  const dir = join(folder, id);
  const size = options.size ?? SAMPLE_SIZE;
  await mkdir(join(dir, "golden"), { recursive: true });
  await writeFile(join(dir, "inspector.onnx"), sampleModel(options));
  await writeFile(join(dir, "report.json"), "{}\n");
  for (const [file, content] of Object.entries(options.files ?? {}))
    await writeFile(join(dir, file), content);
  const golden: BundleManifest["golden"] = [];
  for (const [index, peak] of [40, 200].entries()) {
    const file = `golden/${index}.rgb`;
    await writeFile(join(dir, file), picture(peak, options.tiling?.picture ?? size));
    golden.push({ file, score: expectedScore(peak, options.gain) + (options.goldenError ?? 0) });
  }
  await createManifest(dir, {
    id,
    parent: options.parent ?? null,
    createdAt: options.createdAt ?? "2026-01-01T00:00:00.000Z",
    recipe: options.recipe ?? "bottle",
    method: { name: "sample", config: {} },
    teacher: { id: "none", sha256: "0".repeat(64), licence: "none" },
    input: { ...size, layout: "NHWC-RGB8" },
    map: size,
    tiling: options.tiling ?? null,
    opset: 17,
    threshold: sampleThreshold(0.5),
    ...(options.alsoFor && { alsoFor: options.alsoFor }),
    golden,
  });
  return dir;
}
