import { existsSync } from "node:fs";
import { mkdir, realpath, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Logger } from "pino";
import { ensureTeacherOnnx } from "../../backbones/teacher-store.ts";
import type { MethodConfig } from "../../config/method-schema.ts";
import { statePaths } from "../../config/paths.ts";
import type { Category } from "../../datasets/layout.ts";
import { InputError, TrainingError } from "../../domain/errors.ts";
import type { JobResult } from "../../domain/job.ts";
import { CELL_VERSION, type Cell, type Oracle } from "../../evaluation/cell.ts";
import { oraclePoint } from "../../evaluation/operating-point.ts";
import { holdAlone } from "../../system/sole-holder.ts";
import { openJobTeacher } from "../../training/teacher.ts";
import { loadCell, saveCell } from "./cell-store.ts";
import { checkPictures } from "./check-pictures.ts";
import { picturesHash } from "./pictures-hash.ts";
import { cellsOf, jobOf, type CellPlan, type EvaluationPlan } from "./plan.ts";
import { scoreCell, type ScoredCell } from "./score-cell.ts";
import { shortened } from "./shortened.ts";
import { stageNormals, trainCell } from "./train-cell.ts";

export interface PlanHooks {
  readonly signal: AbortSignal;
  /** @param share 0..1 of the whole plan   @param words what goes on */
  readonly onProgress: (share: number, words: string) => void;
  readonly logger: Logger;
}

/** Of a cell's time; the rest is measuring. Only the pace of the bar depends on it. */
const TRAINING_SHARE = 0.9;
/** Shares of the training steps that the oracle may choose instead of all of them. */
const ORACLE_LENGTHS = [0.25, 0.5];
/** Of the time of a cell with an oracle. */
const SHARE_BEFORE_ORACLE = 0.55;

type Say = (share: number, words: string) => void;

/**
 * Trains and measures every cell of a plan, `jobs` at a time; finished cells are kept, so that a stopped run goes on. What
 * is wrong with the pictures is said before the first training.
 * @returns one cell for each category and seed, in the plan's order
 * @throws the first failure, when the others have stopped
 */
export async function runPlan(plan: EvaluationPlan, hooks: PlanHooks): Promise<Cell[]> {
  const cells = cellsOf(plan);
  const shares = cells.map(() => 0);
  const done = new Map<string, Cell>();
  await checkOpen(plan, hooks);
  await prepareTeacher(plan);
  const failed = new AbortController();
  const signal = AbortSignal.any([hooks.signal, failed.signal]);
  const queue = [...cells.entries()];
  const work = async (): Promise<void> => {
    for (let next = queue.shift(); next && !signal.aborted; next = queue.shift()) {
      const [at, cell] = next;
      const say: Say = (share, words) => {
        shares[at] = share;
        const name = `${cell.category.name}, seed ${cell.seed}`;
        hooks.onProgress(meanOf(shares), `${done.size} of ${cells.length} done; ${name}: ${words}`);
      };
      done.set(cell.key, await cellOnce(plan, cell, { ...hooks, signal, say }));
      say(1, "measured");
    }
  };
  const workers = Array.from({ length: Math.min(plan.jobs, cells.length) }, () =>
    work().catch((error: unknown) => {
      failed.abort(error);
      throw error;
    }),
  );
  const ends = await Promise.allSettled(workers);
  hooks.signal.throwIfAborted();
  if (ends.some(({ status }) => status === "rejected")) throw failed.signal.reason;
  return cells.map(({ key }) => done.get(key)!);
}

type CellHooks = PlanHooks & { readonly say: Say };

/** Looks at the pictures of all categories that are not measured yet. */
async function checkOpen(plan: EvaluationPlan, { signal, onProgress }: PlanHooks): Promise<void> {
  const open: Category[] = [];
  for (const [category, cells] of Map.groupBy(cellsOf(plan), (cell) => cell.category)) {
    const pictures = await picturesHash(category);
    const kept = await Promise.all(cells.map(({ key }) => loadCell(plan.cellsDir, key, pictures)));
    if (kept.includes(null)) open.push(category);
  }
  const side = plan.config.station.inputSize;
  await checkPictures(open, {
    minImages: plan.config.training.minImages,
    size: { width: side, height: side },
    signal,
    onProgress: (done, total) => {
      onProgress(0, `looking at test picture ${done} of ${total}`);
    },
  });
}

/** @throws InputError `cell-busy` if another process is at it: both would train in the same folder */
async function cellOnce(plan: EvaluationPlan, cell: CellPlan, hooks: CellHooks): Promise<Cell> {
  const pictures = await picturesHash(cell.category);
  const free = await holdAlone(join(await realpath(plan.workDir), cell.key));
  if (free === null)
    throw new InputError(
      "cell-busy",
      `${cell.category.name}, seed ${cell.seed} is being measured in ${plan.workDir} by another process. Wait for it, or name another folder with --out.`,
    );
  try {
    const kept = await loadCell(plan.cellsDir, cell.key, pictures);
    if (kept) return kept;
    const measured = { ...(await measureCell(plan, cell, hooks)), pictures };
    await saveCell(plan.cellsDir, measured);
    return measured;
  } finally {
    await free();
  }
}

async function measureCell(
  plan: EvaluationPlan,
  cell: CellPlan,
  hooks: CellHooks,
): Promise<Omit<Cell, "pictures">> {
  const normalsDir = join(plan.workDir, "normals", cell.key);
  await stageNormals(normalsDir, cell.category.normals);
  try {
    const { method } = plan.config.training;
    const say: Say = (share, words) => {
      hooks.say(plan.oracle ? share * SHARE_BEFORE_ORACLE : share, words);
    };
    const { result, resumed, peakMb, scored } = await trainAndScore(
      plan,
      cell,
      { method, normalsDir },
      { ...hooks, say },
    );
    return {
      key: cell.key,
      version: CELL_VERSION,
      category: cell.category.name,
      seed: cell.seed,
      images: result.images,
      ...scored,
      statedFalseReject: result.falseRejectRate,
      jobs: plan.jobs,
      threads: plan.threads,
      trainSeconds: result.trainSeconds,
      resumed,
      trainPeakMb: peakMb,
      choice: result.choice,
      oracle: plan.oracle ? await consultOracle(plan, cell, { scored, normalsDir }, hooks) : null,
    };
  } finally {
    await rm(normalsDir, { recursive: true, force: true });
  }
}

async function trainAndScore(
  plan: EvaluationPlan,
  cell: CellPlan,
  { method, normalsDir }: { readonly method: MethodConfig; readonly normalsDir: string },
  hooks: CellHooks,
): Promise<{ result: JobResult; resumed: boolean; peakMb: number | null; scored: ScoredCell }> {
  const { signal, say, logger } = hooks;
  const job = jobOf(plan, cell, { method, normalsDir, now: new Date() });
  const resumed = existsSync(job.jobDir); // only a job that was stopped leaves its folder
  const { result, peakMb } = await trainCell(job, {
    signal,
    onProgress: ({ progress, message }) => {
      say(progress * TRAINING_SHARE, `training, ${message}`);
    },
  }).catch((error: unknown) => {
    if (!(error instanceof TrainingError)) throw error;
    const { code, message } = error;
    throw new TrainingError(code, `${cell.category.name}, seed ${cell.seed}: ${message}`, { cause: error });
  });
  const { providers, precision } = plan.config.inference;
  const scored = await scoreCell(
    {
      bundleDir: result.bundleDir,
      providers,
      threads: plan.threads,
      precision,
      engineCacheDir: statePaths(plan.workDir).engines,
      logger,
      searchPath: process.env.PATH ?? "",
    },
    cell.category.test,
    {
      signal,
      onProgress: (done, total) => {
        say(TRAINING_SHARE + (1 - TRAINING_SHARE) * (done / total), `picture ${done} of ${total}`);
      },
    },
  );
  return { result, resumed, peakMb, scored };
}

/** What looking at the test pictures would have gained: another length of training, another threshold. */
async function consultOracle(
  plan: EvaluationPlan,
  cell: CellPlan,
  { scored, normalsDir }: { readonly scored: ScoredCell; readonly normalsDir: string },
  hooks: CellHooks,
): Promise<Oracle> {
  const lengths: Oracle["lengths"] = [];
  for (const [at, share] of ORACLE_LENGTHS.entries()) {
    const method = shortened(plan.config.training.method, share);
    if (method === null) continue;
    const say: Say = (done, words) => {
      const all = SHARE_BEFORE_ORACLE + ((1 - SHARE_BEFORE_ORACLE) * (at + done)) / ORACLE_LENGTHS.length;
      hooks.say(all, `oracle with ${share * 100} % of the steps, ${words}`);
    };
    const shorter = await trainAndScore(plan, cell, { method, normalsDir }, { ...hooks, say });
    lengths.push({ share, imageAuroc: shorter.scored.report.imageAuroc });
  }
  lengths.push({ share: 1, imageAuroc: scored.report.imageAuroc });
  const known = lengths.flatMap(({ imageAuroc }) => imageAuroc ?? []);
  return {
    lengths,
    bestImageAuroc: known.length > 0 ? Math.max(...known) : null,
    point: oraclePoint(scored.scores),
  };
}

/** Imports and exports the teacher before the jobs start, which would do it at the same time. */
async function prepareTeacher(plan: EvaluationPlan): Promise<void> {
  const [cell] = cellsOf(plan);
  if (!cell) return;
  await mkdir(plan.workDir, { recursive: true });
  const { method } = plan.config.training;
  const job = jobOf(plan, cell, { method, normalsDir: plan.workDir, now: new Date() });
  await openJobTeacher(job);
  await ensureTeacherOnnx(job.teacherDir, job.inputSize.width);
}

function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
}
