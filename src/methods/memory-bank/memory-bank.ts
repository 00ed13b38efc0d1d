import type { MemoryBankConfig } from "../../config/method-schema.ts";
import type { Method } from "../method.ts";
import { GaussianTraining } from "./gaussian.ts";
import { PatchBankTraining } from "../shared/bank/patches.ts";

/** Instant start: no gradient is taken, the teacher's features of normals are remembered. Ready seconds after collecting. */
export function memoryBank(config: MemoryBankConfig): Method {
  return {
    name: config.name,
    levels: config.levels,
    looksAtPictures: false,
    amplify: null,
    distill: null,
    begin: (context) =>
      config.kind === "patches"
        ? new PatchBankTraining(config, context)
        : new GaussianTraining(config, context),
  };
}
