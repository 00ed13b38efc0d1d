import { readFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join, resolve } from "node:path";
import { Command } from "commander";
import { z } from "zod";
import { BundleStore } from "../../bundles/store.ts";
import { MACHINE_FILES } from "../../config/config-files.ts";
import { loadConfig } from "../../config/load.ts";
import { statePaths } from "../../config/paths.ts";
import { InputError } from "../../domain/errors.ts";
import { listLine } from "../../imaging/picture-folder.ts";
import { createJob } from "../../training/job.ts";
import { jobError } from "../../training/job-error.ts";
import type { TrainingJob } from "../../training/protocol.ts";
import { TrainingSupervisor, type JobStatus } from "../../training/supervisor.ts";
import { TerminalView } from "../terminal-view.ts";
import { checkedRecipe } from "../train/products.ts";

interface Flags {
  readonly recipe: string;
  readonly normals: string;
  readonly teacher?: string;
  readonly config?: string;
  readonly stateDir?: string;
  readonly promote?: true;
  readonly json?: true;
}

const HELP = `
Takes what the published PyTorch code saved, as files of torch.save; nothing in them is executed:
  RD (RD4AD)  one file with bn and decoder; its teacher, torchvision's file, is imported first: assayd teacher import FILE
  AAND        two files: stage 1 (encoder_AT, the teacher too) and stage 2 (bn and decoder_ss)
Students of ResNet-18, ResNet-50 and Wide-ResNet-50-2 are recognised. The threshold comes from the pictures of --normals:
good parts that the checkpoint was not trained on.`;

const ENTRY = new URL("../../training/process.ts", import.meta.url);

/** `assayd models import-torch`: a model that was trained elsewhere, as one of the station's. */
export function importTorchCommand(): Command {
  return new Command("import-torch")
    .description("Make a model of checkpoints of the published RD or AAND code")
    .argument("<files...>", "the checkpoint files")
    .requiredOption("--normals <dir>", "folder of good pictures, for the threshold")
    .option("--recipe <name>", "the product that the model is for", "default")
    .option("--teacher <id>", "teacher that it was trained with (else the one named as its backbone)")
    .option("-c, --config <file>", "configuration (input size, threshold, state folder)")
    .option("--state-dir <dir>", "state folder, instead of the configuration's")
    .option("--promote", "make it the recipe's active model")
    .option("--json", "end with one JSON object on the last line of stdout")
    .addHelpText("after", HELP)
    .action(importTorch);
}

async function importTorch(files: readonly string[], flags: Flags): Promise<void> {
  const loaded = loadConfig(flags.config ?? null, process.env, MACHINE_FILES);
  const stateDir = flags.stateDir === undefined ? loaded.station.stateDir : resolve(flags.stateDir);
  const config = { ...loaded, station: { ...loaded.station, stateDir } };
  const store = new BundleStore(statePaths(stateDir));
  const view = new TerminalView(flags.json ? process.stderr : process.stdout, () => performance.now());
  const recipe = checkedRecipe(flags.recipe);
  const normalsDir = await checkedNormals(flags.normals, config.training.minImages);
  const job = createJob(config, { recipe, normalsDir, parent: store.active(recipe), now: new Date() });
  const jobDir = `${job.jobDir}-import`; // not the recipe's own: an interrupted training may lie there
  const { result, state, error } = await runJob(
    {
      ...job,
      jobDir,
      published: { files: files.map((file) => resolve(file)), teacher: flags.teacher ?? null },
    },
    view,
  );
  await rm(jobDir, { recursive: true, force: true }); // an import that failed begins anew
  if (!result) throw jobError({ state, error }, "the import");
  if (flags.promote) await store.promote(recipe, result.bundleId);
  const note = teacherNoteOf(result.bundleDir);
  if (note !== null) view.say(`Note: ${note}`);
  const activation = flags.promote
    ? "it is active now"
    : `make it active with: assayd models promote ${result.bundleId}`;
  view.say(
    `model ${result.bundleId}, limit ${result.threshold.toFixed(2)} from ${result.images} good parts; ${activation}`,
  );
  if (flags.json) {
    const { bundleId, bundleDir, threshold, parityMaxAbs, images } = result;
    const json = {
      bundleId,
      bundleDir,
      threshold,
      parityMaxAbs,
      images,
      promoted: flags.promote === true,
      note,
    };
    process.stdout.write(`${JSON.stringify(json)}\n`);
  }
}

/** The folder of good parts, absolute. @throws InputError before the checkpoints are read, which takes long, if there are too few */
async function checkedNormals(folder: string, needed: number): Promise<string> {
  const normalsDir = resolve(folder);
  const { normals } = await listLine(normalsDir);
  if (normals.length >= needed) return normalsDir;
  throw new InputError(
    "too-few-normals",
    `--normals ${normalsDir} has ${normals.length} pictures of good parts, at least ${needed} are needed (training.minImages).`,
  );
}

const reportSchema = z.object({ teacherNote: z.string().nullable() });

function teacherNoteOf(bundleDir: string): string | null {
  const report: unknown = JSON.parse(readFileSync(join(bundleDir, "report.json"), "utf8"));
  return reportSchema.parse(report).teacherNote;
}

/** In a process of its own, as a training: a large teacher takes much memory, and TensorFlow checks the export. */
async function runJob(job: TrainingJob, view: TerminalView): Promise<JobStatus> {
  const supervisor = new TrainingSupervisor({
    entry: ENTRY,
    now: Date.now,
    onChange: ({ state, progress }) => {
      if (state === "running" && progress) view.progress("import", progress.progress, progress.message);
    },
  });
  const onInterrupt = (): void => {
    if (supervisor.running) supervisor.cancel();
  };
  process.on("SIGINT", onInterrupt).on("SIGTERM", onInterrupt);
  supervisor.start(job);
  const status = await supervisor.finished;
  process.off("SIGINT", onInterrupt).off("SIGTERM", onInterrupt);
  return status;
}
