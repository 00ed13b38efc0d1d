import type { OneMethodConfig } from "../config/method-schema.ts";
import { aand } from "./aand/aand.ts";
import { adps } from "./adps/adps.ts";
import { memoryBank } from "./memory-bank/memory-bank.ts";
import type { Method } from "./method.ts";
import { rd } from "./rd/rd.ts";
import { snl } from "./snl/snl.ts";

/** Every method by the name that a configuration gives it: one line each. */
export const METHODS: {
  readonly [N in OneMethodConfig["name"]]: (config: Extract<OneMethodConfig, { name: N }>) => Method;
} = {
  aand,
  adps,
  rd,
  snl,
  "memory-bank": memoryBank,
};

/** The method that a configuration names. */
export function createMethod(config: OneMethodConfig): Method {
  return (METHODS[config.name] as (config: OneMethodConfig) => Method)(config);
}
