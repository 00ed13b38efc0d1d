import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { configSchema, type Config } from "../../src/config/schema.ts";
import { writePng } from "../../src/imaging/write-picture.ts";
import { renderPart } from "../../src/simulator/product.ts";

/** The whole retraining path, but short and on small pictures: seconds instead of minutes, and no claim on accuracy. */
export const QUICK_TRAINING = {
  minImages: 8,
  instant: { start: "never" },
  method: {
    name: "aand",
    amplify: { images: 8, steps: 4, batch: 4, memory: 8 },
    distill: { steps: 12, batch: 4 },
  },
} as const;

export const QUICK_SIZE = 128;

/** A configuration with quick training below `stateDir`; `changes` replace whole keys. */
export function quickConfig(stateDir: string, changes: Readonly<Record<string, unknown>> = {}): Config {
  return configSchema.parse({
    station: { name: "st1", stateDir, inputSize: QUICK_SIZE },
    training: QUICK_TRAINING,
    http: { enabled: false },
    inference: { providers: ["cpu"], threads: 1 },
    ...changes,
  });
}

/** Writes rendered good parts into `folder`. */
export async function renderNormals(folder: string, count: number, seed = 5): Promise<void> {
  await mkdir(folder, { recursive: true });
  const size = { width: QUICK_SIZE, height: QUICK_SIZE };
  for (let index = 0; index < count; index += 1) {
    const { data } = renderPart({ index, seed, size, content: "normal", defectShare: 0 });
    await writePng(join(folder, `${index}.png`), data, size);
  }
}
