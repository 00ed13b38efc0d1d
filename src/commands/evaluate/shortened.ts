import type { MethodConfig } from "../../config/method-schema.ts";

type Stage = Readonly<{ steps: number }>;

/**
 * A method that stops after a share of the steps of its last trained stage, with the whole schedule in them; null for one
 * that takes no steps.
 */
export function shortened(method: MethodConfig, share: number): MethodConfig | null {
  const shorter = (stage: Stage): Stage => ({
    ...stage,
    steps: Math.max(1, Math.round(stage.steps * share)),
  });
  if ("trained" in method) {
    const trained = shortened(method.trained, share);
    return trained && ({ ...method, trained } as MethodConfig);
  }
  if ("distill" in method) return { ...method, distill: shorter(method.distill) } as MethodConfig;
  if ("amplify" in method) return { ...method, amplify: shorter(method.amplify) } as MethodConfig;
  return null;
}
