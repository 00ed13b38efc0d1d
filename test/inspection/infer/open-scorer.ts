import { pino } from "pino";
import { loadScorer, type Scorer } from "../../../src/inspection/infer/scorer.ts";

/** Opens a bundle as the inference process does, on the CPU with one thread. */
export function openScorer(bundleDir: string, engineCacheDir: string): Promise<Scorer> {
  return loadScorer({
    bundleDir,
    providers: ["cpu"],
    threads: 1,
    precision: "fp32",
    engineCacheDir,
    logger: pino({ level: "silent" }),
    searchPath: "",
  });
}
