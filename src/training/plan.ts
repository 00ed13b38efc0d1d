import type { OneMethodConfig } from "../config/method-schema.ts";
import { STAGES, type Stage } from "../domain/job.ts";
import type { StagePlan } from "../methods/method.ts";
import { createMethod } from "../methods/registry.ts";
import { judgesInstantly } from "./instant-start.ts";
import type { StageWork } from "./progress.ts";
import { productsOf, type TrainingJob } from "./protocol.ts";

/** Which models a job makes, and by which stages. */
export interface JobPlan {
  /** What learns the product. */
  readonly learned: OneMethodConfig;
  /** What is ready in seconds; null if nobody asks for it. */
  readonly instant: OneMethodConfig | null;
  /** The instant model becomes a bundle at once, to judge while the other one learns. */
  readonly offersInstant: boolean;
  /** `learned` is deployed only where it beats `instant`. */
  readonly chooses: boolean;
  /** In order; only the pace of the progress bar depends on it. */
  readonly stages: readonly Stage[];
  /** By the settings of `learned`; as above. */
  readonly work: StageWork;
}

export function planOf(job: TrainingJob): JobPlan {
  const { method, instant } = job.training;
  const chooses = method.name === "auto";
  const learned = chooses ? method.trained : method;
  const offersInstant =
    learned.name !== "memory-bank" && productsOf(job).some(({ parent }) => judgesInstantly(instant, parent));
  const makesInstant = offersInstant || chooses;
  const { amplify, distill } = createMethod(learned);
  const left: Partial<Record<Stage, boolean>> = {
    instant: makesInstant,
    synthesize: amplify !== null,
    amplify: amplify !== null,
    distill: distill !== null,
    choose: chooses,
  };
  return {
    learned,
    instant: makesInstant ? instant.method : null,
    offersInstant,
    chooses,
    stages: STAGES.filter((stage) => left[stage] ?? true),
    work: {
      synthesize: ((amplify?.images ?? 0) + (amplify?.wide?.images ?? 0)) / USUAL.images,
      amplify: picturesShown(amplify) / USUAL.amplify,
      distill: picturesShown(distill) / USUAL.distill,
    },
  };
}

/** Pictures that the default method makes, and shows to its stages. */
const USUAL = { images: 2100, amplify: 700 * 16, distill: 900 * 16 } as const;

function picturesShown(plan: StagePlan | null): number {
  return plan === null ? 0 : plan.steps * plan.batch;
}
