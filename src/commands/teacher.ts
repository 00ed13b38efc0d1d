import { Command, InvalidArgumentError } from "commander";
import { resolve } from "node:path";
import { BACKBONES } from "../backbones/registry.ts";
import { importTeacher } from "../backbones/teacher-import.ts";
import type { TeacherManifest } from "../backbones/teacher-manifest.ts";
import { listTeachers, type TeacherListing } from "../backbones/teacher-store.ts";
import { statePaths } from "../config/paths.ts";

interface ImportFlags {
  readonly backbone?: string;
  readonly id?: string;
  readonly licence?: string;
  readonly source?: string;
  readonly inputSize: number;
  readonly stateDir: string;
  readonly json?: true;
}

interface ListFlags {
  readonly stateDir: string;
  readonly json?: true;
}

const DEFAULT_STATE_DIR = ".state";
const DEFAULT_INPUT_SIZE = 256;

/** `assayd teacher`: brings pretrained backbones into the state folder, and lists them. */
export function teacherCommand(): Command {
  return new Command("teacher")
    .description("Import and list teachers: the pretrained networks that training starts from")
    .addCommand(importCommand())
    .addCommand(listCommand());
}

function importCommand(): Command {
  return new Command("import")
    .description(
      "Make a teacher from a weight file (.pth of torch.save, or .safetensors); nothing in it is executed",
    )
    .argument("<file>", 'the weight file, or "default" for the weights that scripts/setup.sh fetched')
    .option(
      "--backbone <name>",
      `${BACKBONES.map(({ name }) => name).join(", ")} (else recognised from the weights)`,
    )
    .option("--id <id>", "its name here (else the backbone's)")
    .option(
      "--licence <spdx>",
      'licence of the weights, kept with every model made from them (else "unknown")',
    )
    .option("--source <text>", "where the weights came from (else the file's name)")
    .option("--input-size <pixels>", "picture side it will see first", positiveInteger, DEFAULT_INPUT_SIZE)
    .option("--state-dir <dir>", "state folder of the station", DEFAULT_STATE_DIR)
    .option("--json", "end with one JSON object on the last line of stdout")
    .action(importAction);
}

function listCommand(): Command {
  return new Command("list")
    .description("List the teachers of a station")
    .option("--state-dir <dir>", "state folder of the station", DEFAULT_STATE_DIR)
    .option("--json", "end with one JSON object on the last line of stdout")
    .action(listAction);
}

async function importAction(file: string, { stateDir, json, ...flags }: ImportFlags): Promise<void> {
  const { teachers } = statePaths(resolve(stateDir));
  const manifest = await importTeacher({ ...flags, file, teachersDir: teachers });
  if (json) process.stdout.write(`${JSON.stringify(teacherJson(manifest))}\n`);
  else process.stdout.write(`Teacher "${manifest.id}" is ready in ${teachers}.\n${teacherText(manifest)}\n`);
}

async function listAction({ stateDir, json }: ListFlags): Promise<void> {
  const { teachers } = statePaths(resolve(stateDir));
  const listings = await listTeachers(teachers);
  if (json) process.stdout.write(`${JSON.stringify({ teachers: listings.map(listingJson) })}\n`);
  else if (listings.length > 0)
    process.stdout.write(listings.map((listing) => `${listingText(listing)}\n`).join(""));
  else process.stdout.write(`No teachers in ${teachers}. Get one: assayd teacher import default\n`);
}

/** One line for people: what it is, what it costs, whose it is. */
export function teacherText(manifest: TeacherManifest): string {
  const channels = manifest.levels.map(({ channels, stride }) => `${channels}@1/${stride}`).join(" ");
  const cost = `${(manifest.macs / 1e6).toFixed(0)} MMAC at ${manifest.inputSize}², ${(manifest.parameters / 1e6).toFixed(2)} M parameters`;
  return `${manifest.id}: ${manifest.backbone}, levels ${channels}, ${cost}, licence ${manifest.licence}, from ${manifest.source}`;
}

function listingText({ id, manifest, problem }: TeacherListing): string {
  return manifest === null ? `${id}: broken. ${problem ?? ""}` : teacherText(manifest);
}

function listingJson({ id, manifest, problem }: TeacherListing) {
  return manifest === null ? { id, problem } : { ...teacherJson(manifest), problem };
}

function teacherJson({
  id,
  backbone,
  source,
  licence,
  createdAt,
  inputSize,
  levels,
  macs,
  parameters,
}: TeacherManifest) {
  const levelsJson = levels.map(({ level, channels, stride }) => ({ level, channels, stridePx: stride }));
  return {
    id,
    backbone,
    source,
    licence,
    createdAt,
    inputSizePx: inputSize,
    levels: levelsJson,
    macs,
    parameters,
  };
}

function positiveInteger(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value <= 0)
    throw new InvalidArgumentError("expected a whole number above 0");
  return value;
}
