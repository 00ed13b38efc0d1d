import { availableParallelism } from "node:os";

/**
 * CPU threads of the inspector. @param configured `inference.threads`; 0: one core fewer than there are, so that capture,
 * main process and broker run beside the model and not in its way
 */
export function inferenceThreads(configured: number): number {
  return configured || Math.max(1, availableParallelism() - 1);
}
