import type { DataSet } from "../../datasets/data-set.ts";
import { findPublished } from "../../datasets/published/find.ts";
import type { Cell } from "../../evaluation/cell.ts";
import { printable } from "../../evaluation/printable.ts";
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
        view.progress(config.training.method.name, share, printable(doing));
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
    leftOut: [...dataSet.leftOut, ...unusedNormals(dataSet, cells)],
  };
}

/** Good pictures that the training passed over. */
function unusedNormals({ categories }: DataSet, cells: readonly Cell[]): string[] {
  return categories.flatMap(({ name, normals }) => {
    const unused = normals.length - (cells.find(({ category }) => category === name)?.images ?? 0);
    return unused === 0
      ? []
      : [
          `${name}: ${unused} of ${normals.length} good pictures to learn from: unreadable, empty or repeated`,
        ];
  });
}
