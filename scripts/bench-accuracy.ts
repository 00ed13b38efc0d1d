import { existsSync } from "node:fs";
import { rename, rm, writeFile } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { deviceConfig } from "../src/commands/evaluate/device.ts";
import { measureShown } from "../src/commands/evaluate/measure-shown.ts";
import { shareCores } from "../src/commands/evaluate/share-cores.ts";
import { TerminalView } from "../src/commands/terminal-view.ts";
import type { Config } from "../src/config/schema.ts";
import { openDataSet } from "../src/datasets/data-set.ts";
import { AssaydError, EXIT_CODES, InputError, messageOf } from "../src/domain/errors.ts";
import type { DataSetResult } from "../src/evaluation/result.ts";
import { gainTable, summaryTable } from "../src/evaluation/summary.ts";
import { markdownTable } from "../src/evaluation/table.ts";
import { findProduct, PRODUCTS } from "../src/simulator/products.ts";
import { writeDataSet } from "../src/simulator/write-data-set.ts";

const HELP = `npm run bench:accuracy -- [options]
Teaches and measures every method on every data set, and prints the tables. A stopped run goes on where it was.

  --sets a,b       real ones of --data (magnetic-tile, pcb-20085) and rendered products; default: all of both
  --methods a,b    default: memory-bank,rd,aand,adps,snl,auto
  --seeds n        default 3, from --seed on (default 1)
  --size set=px    input of one data set, may be repeated; default 256, pcb-20085 640
  --data DIR       folder of real data sets, default ../shared/data; those that are not there are skipped
  --state DIR      finished cells and rendered pictures, default .state/bench-accuracy
  --teacher ID     instead of the configuration's      -c, --config FILE   the device that is measured
  --jobs n         trainings at the same time          --threads n         CPU threads, default all
  --markdown FILE  also writes the tables there
`;

const REAL = ["magnetic-tile", "pcb-20085"];
/** Its defects are a few pixels of 640. */
const KNOWN_SIZES: Readonly<Record<string, number>> = { "pcb-20085": 640 };
const USUAL_SIZE = 256;
const REFERENCE = "memory-bank";
const METHODS = [REFERENCE, "rd", "aand", "adps", "snl", "auto"].join(",");
const RENDERED = { train: 200, good: 60, bad: 60, seed: 1 } as const;

const OPTIONS = {
  sets: { type: "string", default: [...REAL, ...PRODUCTS.map(({ name }) => name)].join(",") },
  methods: { type: "string", default: METHODS },
  seeds: { type: "string", default: "3" },
  seed: { type: "string", default: "1" },
  size: { type: "string", multiple: true, default: [] as string[] },
  data: { type: "string", default: join("..", "shared", "data") },
  state: { type: "string", default: join(".state", "bench-accuracy") },
  teacher: { type: "string" },
  config: { type: "string", short: "c" },
  jobs: { type: "string", default: "0" },
  threads: { type: "string", default: "0" },
  markdown: { type: "string" },
  help: { type: "boolean", short: "h", default: false },
} as const;

const flags = readFlags();
const state = resolve(flags.state);
const view = new TerminalView(process.stderr, () => performance.now());
const sizes = new Map(flags.size.map((text) => [text.split("=")[0], Number(text.split("=")[1])]));

if (flags.help) process.stdout.write(HELP);
else await bench().catch(sayWhy);

async function bench(): Promise<void> {
  const sets = flags.sets.split(",");
  const methods = flags.methods.split(",");
  for (const set of sets) if (!REAL.includes(set)) findProduct(set); // a wrong name is said now, not after hours
  for (const method of methods) configOf(method, USUAL_SIZE);
  for (const [set = "", size] of sizes)
    if (!sets.includes(set) || !Number.isInteger(size))
      throw new InputError("bench-size", `--size takes set=px with one of the sets, not "${set}=${size}".`);
  if (!(Number.isInteger(Number(flags.seeds)) && Number(flags.seeds) > 0))
    throw new InputError("bench-seeds", `--seeds is "${flags.seeds}"; a whole number from 1 is expected.`);
  const results: DataSetResult[] = [];
  for (const set of sets) {
    const size = sizes.get(set) ?? KNOWN_SIZES[set] ?? USUAL_SIZE;
    const folder = await folderOf(set, size);
    if (folder === null) {
      view.say(`${set} is skipped: it is not in ${resolve(flags.data)} (name another folder with --data)`);
      continue;
    }
    for (const method of methods) {
      view.say(`${set}, ${size} px, ${method}`);
      const result = await measure(folder, method, size).catch(goOn);
      if (result) results.push(result);
    }
  }
  const tables = [summaryTable(results), gainTable(results, REFERENCE)].map(markdownTable).join("\n\n");
  process.stdout.write(`${tables}\n`);
  if (flags.markdown !== undefined) await writeFile(flags.markdown, `${tables}\n`);
}

/** Null for a real data set that is not on this machine; rendered ones are written on first use. */
async function folderOf(set: string, size: number): Promise<string | null> {
  if (REAL.includes(set)) {
    const folder = join(flags.data, set);
    return existsSync(folder) ? folder : null;
  }
  const product = findProduct(set);
  const folder = join(state, "rendered", String(size), set);
  if (!existsSync(folder)) {
    view.say(`rendering ${set}`);
    await writeDataSet({ product, folder: `${folder}.new`, size, ...RENDERED }, new AbortController().signal);
    await rename(`${folder}.new`, folder);
  }
  return folder;
}

function configOf(method: string, size: number): Config {
  const { teacher, config: file } = flags;
  return deviceConfig({ method, size, ...(teacher && { teacher }), ...(file && { config: file }) });
}

async function measure(folder: string, method: string, size: number): Promise<DataSetResult> {
  const config = configOf(method, size);
  const seeds = Array.from({ length: Number(flags.seeds) }, (_, at) => Number(flags.seed) + at);
  const dataSet = await openDataSet(folder);
  const cores = Number(flags.threads) || availableParallelism();
  const share = shareCores(dataSet.categories.length * seeds.length, cores, Number(flags.jobs));
  const workDir = join(state, "work");
  const cellsDir = join(state, "cells");
  const result = await measureShown(
    { config, dataSet, seeds, ...share, oracle: false, workDir, cellsDir },
    view,
  );
  await rm(join(workDir, "bundles"), { recursive: true, force: true }); // measured, and hundreds of them would fill the disk
  return result;
}

function readFlags() {
  try {
    return parseArgs({ options: OPTIONS }).values;
  } catch (error) {
    process.stderr.write(`bench:accuracy: ${messageOf(error)}\n${HELP}`);
    return process.exit(EXIT_CODES.usage);
  }
}

function sayWhy(error: unknown): void {
  if (!(error instanceof AssaydError)) throw error;
  process.stderr.write(`bench:accuracy: ${error.message}\n`);
  process.exitCode = error instanceof InputError ? EXIT_CODES.usage : EXIT_CODES.failed;
}

/** A method that fails on a data set leaves the others to be measured; Ctrl-C ends all. */
function goOn(error: unknown): void {
  if (error instanceof AssaydError && error.code === "interrupted") throw error;
  sayWhy(error);
}
