import { access, constants, mkdir, mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import { availableParallelism, tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import type { Config } from "../../config/schema.ts";
import { openDataSet } from "../../datasets/data-set.ts";
import { AssaydError, InputError, messageOf, TrainingError } from "../../domain/errors.ts";
import { evaluationPage } from "../../evaluation/page/page.ts";
import { printable } from "../../evaluation/printable.ts";
import { resultJson } from "../../evaluation/result-json.ts";
import {
  accuracyTable,
  choiceNotes,
  costTable,
  dataNotes,
  oracleTable,
  publishedNotes,
  type DataSetResult,
} from "../../evaluation/result.ts";
import { markdownTable, textTable, type Table } from "../../evaluation/table.ts";
import { studyCells, thresholdTables, type ThresholdSettings } from "../../evaluation/threshold-table.ts";
import { TerminalView } from "../terminal-view.ts";
import { deviceConfig, type DeviceFlags } from "./device.ts";
import { measureShown } from "./measure-shown.ts";
import { shareCores } from "./share-cores.ts";
import type { EvaluationPlan } from "./plan.ts";

export interface DataFlags extends DeviceFlags {
  readonly data: string;
  readonly categories?: string;
  readonly seeds: number;
  readonly seed: number;
  readonly oracle?: true;
  readonly thresholdSplits: number;
  readonly report?: string;
  readonly markdown?: true;
  readonly out?: string;
  readonly jobs: number;
  readonly threads: number;
  readonly json?: true;
}

/**
 * Teaches and measures every category of a data set and prints the tables.
 * @throws InputError, ConfigError, TrainingError, ModelError
 */
export async function evaluateDataSet(flags: DataFlags): Promise<void> {
  await checkReportFolder(flags.report);
  if (flags.out !== undefined) await mkdir(flags.out, { recursive: true }).catch(refuseFile(flags.out));
  const view = new TerminalView(flags.json ? process.stderr : process.stdout, () => performance.now());
  const temporary = flags.out === undefined ? await mkdtemp(join(tmpdir(), "assayd-evaluate-")) : null;
  try {
    const plan = await planOf(flags, resolve(flags.out ?? temporary ?? ""));
    const result = await measureShown(plan, view).catch((error: unknown) => {
      const hadBegun =
        error instanceof TrainingError || (error instanceof AssaydError && error.code === "interrupted");
      if (flags.out === undefined && hadBegun)
        view.say("With --out DIR finished categories are kept, and the next run goes on with them.");
      throw error;
    });
    const settings = thresholdSettings(plan.config, flags.thresholdSplits);
    const studies = flags.thresholdSplits > 0 ? studyCells(result.cells, settings) : [];
    const tables = [
      accuracyTable(result),
      costTable(result),
      oracleTable(result),
      ...(studies.length > 0 ? thresholdTables(studies, settings) : []),
    ].filter((table) => table !== null);
    view.say(`\n${wordsOf(result, tables, flags.markdown ? markdownTable : textTable)}`);
    if (flags.json) process.stdout.write(`${JSON.stringify(resultJson(result, studies))}\n`);
    if (flags.report !== undefined) {
      await writeFile(flags.report, evaluationPage(result, tables)).catch(refuseFile(flags.report));
      view.say(`\nreport: ${resolve(flags.report)}`);
    }
  } finally {
    if (temporary !== null) await rm(temporary, { recursive: true, force: true });
  }
}

/** @throws InputError `cannot-write` in place of the system's error */
function refuseFile(path: string): (error: unknown) => never {
  return (error) => {
    const text = `${resolve(path)} cannot be written: ${messageOf(error)}. Name another place.`;
    throw new InputError("cannot-write", text, { cause: error });
  };
}

/** Said before the hours of training, not after them. @throws InputError `report-folder` */
async function checkReportFolder(report: string | undefined): Promise<void> {
  if (report === undefined) return;
  const folder = dirname(resolve(report));
  const isWritable = await access(folder, constants.W_OK).then(
    () => true,
    () => false,
  );
  const isFolder = (await stat(resolve(report)).catch(() => null))?.isDirectory() === true;
  if (isWritable && !isFolder) return;
  const problem = isFolder
    ? `${resolve(report)} is a folder`
    : `${folder} is not a folder that can be written to`;
  throw new InputError(
    "report-folder",
    `The report cannot be written: ${problem}. Name a file with --report.`,
  );
}

async function planOf(flags: DataFlags, workDir: string): Promise<EvaluationPlan> {
  const config = deviceConfig(flags);
  const only = flags.categories?.split(",").map((name) => name.trim()) ?? [];
  const dataSet = await openDataSet(flags.data, only);
  const seeds = Array.from({ length: flags.seeds }, (_, at) => flags.seed + at);
  const cells = dataSet.categories.length * seeds.length;
  const cores = flags.threads > 0 ? flags.threads : availableParallelism();
  const { jobs, threads } = shareCores(cells, cores, flags.jobs);
  const oracle = flags.oracle === true;
  return { config, dataSet, seeds, jobs, threads, oracle, workDir, cellsDir: join(workDir, "cells") };
}

function thresholdSettings({ training }: Config, splits: number): ThresholdSettings {
  const { thresholdQuantile, thresholdFactor, heldOutShare } = training;
  return { quantile: thresholdQuantile, factor: thresholdFactor, heldOutShare, splits };
}

function wordsOf(result: DataSetResult, tables: readonly Table[], print: (table: Table) => string): string {
  const list = (title: string, lines: readonly string[]): string[] =>
    lines.length === 0 ? [] : [[title, ...lines.map((line) => `- ${printable(line)}`)].join("\n")];
  return [
    ...tables.map(print),
    ...list("Data:", dataNotes(result)),
    ...list("Deployed:", choiceNotes(result)),
    ...list("Published figures:", publishedNotes(result)),
  ].join("\n\n");
}
