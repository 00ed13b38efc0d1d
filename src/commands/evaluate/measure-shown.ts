import { findPublished } from "../../datasets/published/find.ts";
import type { DataSetResult } from "../../evaluation/result.ts";
import { createLogger } from "../../system/logger.ts";
import type { TerminalView } from "../terminal-view.ts";
import type { EvaluationPlan } from "./plan.ts";
import { runPlan } from "./run-plan.ts";
import { stoppable } from "./stoppable.ts";

/** Runs a plan until done or Ctrl-C, with its progress in view. @throws as `runPlan` */
export async function measureShown(plan: EvaluationPlan, view: TerminalView): Promise<DataSetResult> {
  const { config, dataSet, seeds } = plan;
  const cells = await stoppable((signal) =>
    runPlan(plan, {
      signal,
      logger: createLogger({ level: "warn", format: "text", write: (text) => process.stderr.write(text) }),
      onProgress: (share, doing) => {
        view.progress(config.training.method.name, share, doing);
      },
    }),
  );
  return {
    dataSet: dataSet.name,
    layout: dataSet.layout,
    method: config.training.method.name,
    teacher: config.teacher,
    size: config.station.inputSize,
    seeds,
    cells,
    published: findPublished(dataSet),
  };
}
