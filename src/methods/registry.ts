import type { OneMethodConfig } from "../config/method-schema.ts";
import { ConfigError } from "../domain/errors.ts";
import { aand } from "./aand/aand.ts";
import { adps } from "./adps/adps.ts";
import type { Method } from "./method.ts";
import { rd } from "./rd/rd.ts";

/** Every method by the name that a configuration gives it: one line each. */
const METHODS: { [N in OneMethodConfig["name"]]?: (config: Extract<OneMethodConfig, { name: N }>) => Method } = {
  aand,
  adps,
  rd,
};

/** The method that a configuration names. */
export function createMethod(config: OneMethodConfig): Method {
  const create = METHODS[config.name] as ((config: OneMethodConfig) => Method) | undefined;
  if (!create) throw new ConfigError("method-missing", `training.method.name: ${config.name} is not here yet`);
  return create(config);
}
