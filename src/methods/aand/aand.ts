import type { AandConfig } from "../../config/method-schema.ts";
import type { Method } from "../method.ts";
import { FusedTraining } from "./fused/fused.ts";
import { isGateAlone } from "./paper/aand-network.ts";
import { PaperTraining } from "./paper/paper.ts";

/** Levels that the fused gate sees. */
const ALL_LEVELS = [1, 2, 3];

/**
 * AAND (IEEE TIP 2026, arXiv 2405.02068): stage 1 learns on synthetic anomalies where a teacher's feature is odd, stage 2 distils
 * normality. `paper` is as published; `fused` is our form for small teachers with linear bottlenecks, whose features the
 * published form serves badly (docs/accuracy.md).
 */
export function aand(config: AandConfig): Method {
  const { form } = config;
  const schedule = form === "fused" ? "one-cycle" : "steps";
  const [amplify, distill] = [
    { ...config.amplify, schedule },
    { ...config.distill, schedule },
  ] as const;
  return {
    name: config.name,
    levels: form === "fused" ? ALL_LEVELS : config.levels,
    looksAtPictures: false,
    amplify: amplify.enabled
      ? { ...amplify, wide: form === "fused" && config.wide.enabled ? wideOf(config) : null }
      : null,
    distill: distill.enabled && !(form === "paper" && isGateAlone(config)) ? distill : null,
    begin: (context) =>
      form === "fused" ? new FusedTraining(config, context) : new PaperTraining(config, context),
  };
}

/** Half as many pictures a step as stage 1 shows of small anomalies: their maps are small. */
function wideOf({ amplify, wide }: AandConfig) {
  return { images: wide.images, batch: Math.max(1, Math.round(amplify.batch / 2)) };
}
