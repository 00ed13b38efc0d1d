import { createHash } from "node:crypto";
import { readFile, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { readSafetensors, writeSafetensors } from "../backbones/weights/safetensors.ts";
import { InputError } from "../domain/errors.ts";
import type { Weight, Weights } from "../graph/ops.ts";
import { writeDurably } from "../system/durable-files.ts";

/** Where a stage of training was when it was last saved. */
export interface Checkpoint {
  /** Steps done. */
  readonly step: number;
  readonly weights: Weights;
  readonly optimizer: Weights;
}

/** Hash of everything that a stage's result depends on: the same key means the same work. */
export function keyOf(...parts: readonly unknown[]): string {
  return createHash("sha256").update(JSON.stringify(parts)).digest("hex").slice(0, 16);
}

/** One stage's checkpoint file, `<stage>-<key>.safetensors`: whole or absent, and useless to another data set or setting. */
export class CheckpointFile {
  readonly #path: string;

  constructor(folder: string, stage: string, key: string) {
    this.#path = join(folder, `${stage}-${key}.safetensors`);
  }

  /** Null if there is none, or a damaged one: the stage then begins again. */
  async load(): Promise<Checkpoint | null> {
    const bytes = await readFile(this.#path).catch(() => null);
    const all = bytes && weightsIn(bytes);
    const step = all?.get("step")?.data[0];
    if (!all || step === undefined) return null;
    return { step, weights: withPrefix(all, "weights/"), optimizer: withPrefix(all, "optimizer/") };
  }

  async save({ step, weights, optimizer }: Checkpoint): Promise<void> {
    const all = new Map<string, Weight>([["step", { shape: [1], data: Float32Array.of(step) }]]);
    for (const [name, weight] of weights) all.set(`weights/${name}`, weight);
    for (const [name, weight] of optimizer) all.set(`optimizer/${name}`, weight);
    await writeDurably(this.#path, writeSafetensors(all));
  }
}

function weightsIn(bytes: Uint8Array): Weights | null {
  try {
    return readSafetensors(bytes);
  } catch (error) {
    if (error instanceof InputError) return null;
    throw error;
  }
}

function withPrefix(weights: Weights, prefix: string): Weights {
  return new Map(
    [...weights]
      .filter(([name]) => name.startsWith(prefix))
      .map(([name, weight]) => [name.slice(prefix.length), weight]),
  );
}

/** Removes what earlier jobs left in the job folder and this one cannot use. */
export async function removeStale(folder: string, keys: readonly string[]): Promise<void> {
  for (const file of await readdir(folder)) {
    if (!keys.some((key) => file.includes(key)))
      await rm(join(folder, file), { recursive: true, force: true });
  }
}
