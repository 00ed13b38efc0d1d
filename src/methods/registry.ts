import type { TrainingConfig } from "../config/schema.ts";
import { aand } from "./aand/aand.ts";
import type { Method } from "./method.ts";

/** The method that a configuration names. */
export function createMethod(config: TrainingConfig["method"]): Method {
  return aand(config);
}
