import { resolve } from "node:path";
import { Command } from "commander";
import { servedRecipes, type BundleManifest, type ServedRecipe } from "../bundles/manifest.ts";
import { BundleStore, type BundleSummary } from "../bundles/store.ts";
import { statePaths } from "../config/paths.ts";
import { InputError } from "../domain/errors.ts";
import { importTorchCommand } from "./models/import-torch.ts";

interface Flags {
  readonly stateDir: string;
  readonly json?: true;
  readonly recipe?: string;
}

const DEFAULT_STATE_DIR = ".state";
const WHEN = "A running daemon takes it at its next start; to switch at once, send it cmd/model.promote.";

/** `assayd models`: the bundles of a station, and which of them is active for each recipe. */
export function modelsCommand(): Command {
  return new Command("models")
    .description("List the trained models of a station, choose the active one, go back")
    .addCommand(command("list", "List all models, newest first").action(list))
    .addCommand(
      command("show", "Check every file of a model and show its manifest")
        .argument("<id>", "the model")
        .action(show),
    )
    .addCommand(
      command("promote", "Check every file of a model and make it the active one of its recipes")
        .argument("<id>", "the model")
        .option("--recipe <name>", "of this recipe only")
        .action(promote),
    )
    .addCommand(
      command("rollback", "Make the parent of the active model the active one")
        .option("--recipe <name>", "whose model (not needed if only one recipe has a model)")
        .action(rollback),
    )
    .addCommand(importTorchCommand());
}

function command(name: string, description: string): Command {
  return new Command(name)
    .description(description)
    .option("--state-dir <dir>", "state folder of the station", DEFAULT_STATE_DIR)
    .option("--json", "end with one JSON object on the last line of stdout");
}

async function list(flags: Flags): Promise<void> {
  const models = await storeOf(flags).list();
  const json = {
    models: models.map(({ id, manifest, problem, activeFor }) => ({
      ...line(manifest),
      id,
      activeFor,
      problem,
    })),
  };
  const text =
    models.length === 0
      ? "No models yet. Teach a product first: assayd train"
      : models.map(modelText).join("\n");
  print(flags, json, text);
}

async function show(id: string, flags: Flags): Promise<void> {
  const manifest = await storeOf(flags).verify(id);
  print(
    flags,
    { manifest, verified: true },
    `${JSON.stringify(manifest, null, 2)}\nEvery file matches its sha256.`,
  );
}

async function promote(id: string, flags: Flags): Promise<void> {
  const store = storeOf(flags);
  const served = servedRecipes(await store.verify(id)).map(({ recipe }) => recipe);
  const recipes = flags.recipe === undefined ? served : [flags.recipe];
  const promoted = [];
  for (const recipe of recipes) {
    const before = store.active(recipe);
    await store.promote(recipe, id);
    promoted.push({ recipe, active: id, before });
  }
  const words = recipes.map((recipe) => `"${recipe}"`).join(", ");
  print(
    flags,
    { ...promoted[0], recipes: promoted },
    `Model ${id} is the active one of recipe ${words}. ${WHEN}`,
  );
}

async function rollback(flags: Flags): Promise<void> {
  const store = storeOf(flags);
  const recipe = flags.recipe ?? (await onlyRecipe(store));
  const before = store.active(recipe);
  const { id } = await store.rollback(recipe);
  print(flags, { recipe, active: id, before }, `Recipe "${recipe}" is back at model ${id}. ${WHEN}`);
}

function storeOf({ stateDir }: Flags): BundleStore {
  return new BundleStore(statePaths(resolve(stateDir)));
}

/** @throws InputError `recipe-missing` unless exactly one recipe has an active bundle. */
async function onlyRecipe(store: BundleStore): Promise<string> {
  const recipes = (await store.list()).flatMap(({ activeFor }) => activeFor);
  const [recipe] = recipes;
  if (recipe !== undefined && recipes.length === 1) return recipe;
  const known =
    recipes.length === 0 ? "no recipe has an active model" : `these have models: ${recipes.join(", ")}`;
  throw new InputError("recipe-missing", `Add --recipe <name>; ${known}.`);
}

function line(manifest: BundleManifest | null) {
  if (manifest === null) return {};
  const { recipe, parent, createdAt, method, teacher, threshold } = manifest;
  const recipes = servedRecipes(manifest).map((served) => ({ ...served, threshold: served.threshold.value }));
  const names = { method: method.name, teacher: teacher.id };
  return { recipe, parent, createdAt, ...names, threshold: threshold.value, recipes };
}

function modelText({ id, manifest, problem, activeFor }: BundleSummary): string {
  const mark = activeFor.length > 0 ? "*" : " ";
  if (manifest === null) return `${mark} ${id}  broken. ${problem ?? ""}`;
  const { recipe, createdAt, method, teacher, alsoFor } = manifest;
  const others = alsoFor.map((served) => `; also for ${served.recipe}: ${limitText(served)}`);
  const active = alsoFor.length > 0 && activeFor.length > 0 ? `; active for ${activeFor.join(", ")}` : "";
  return (
    `${mark} ${id}  ${recipe}, ${createdAt}, ${method.name} with ${teacher.id}, ${limitText(manifest)}` +
    others.join("") +
    active
  );
}

function limitText({ threshold, parent }: Pick<ServedRecipe, "threshold" | "parent">): string {
  return `threshold ${threshold.value}${parent === null ? "" : `, after ${parent}`}`;
}

function print(flags: Flags, json: object, text: string): void {
  process.stdout.write(flags.json ? `${JSON.stringify(json)}\n` : `${text}\n`);
}
