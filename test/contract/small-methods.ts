import { methodSchema, type OneMethodConfig } from "../../src/config/method-schema.ts";
import { METHODS } from "../../src/methods/registry.ts";

/** Settings that train in a moment on pictures of 64 to 128 px; no claim on accuracy. A method without training needs none. */
const SETTINGS = {
  aand: {
    amplify: { images: 8, steps: 4, batch: 4, memory: 8 },
    distill: { steps: 6, batch: 4 },
    bank: { patches: 60 },
  },
  rd: { levels: [2, 3], student: "compact", distill: { steps: 6, batch: 4 } },
  adps: { patches: 2, amplify: { images: 8, steps: 4, batch: 4 } },
  snl: { levels: [2, 3], centers: 8, distill: { steps: 6, batch: 4 } },
  "memory-bank": { patches: 100 },
} as const satisfies Partial<Record<OneMethodConfig["name"], object>>;

/** One configuration a registered method, and one for each further form of it. */
export const SMALL_METHODS: readonly OneMethodConfig[] = [
  ...Object.keys(METHODS).map((name) => parse({ name, ...(SETTINGS as Record<string, object>)[name] })),
  parse({ name: "aand", ...SETTINGS.aand, form: "paper" }),
  parse({ name: "memory-bank", kind: "gaussian" }),
];

function parse(settings: object): OneMethodConfig {
  const config = methodSchema.parse(settings);
  if (config.name === "auto") throw new RangeError("auto is two methods");
  return config;
}

/** For the name of a test. */
export function titleOf(config: OneMethodConfig): string {
  if (config.name === "aand") return `${config.name}, ${config.form}`;
  return "kind" in config ? `${config.name}, ${config.kind}` : config.name;
}
