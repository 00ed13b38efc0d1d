import type { Logger } from "pino";
import { pictureSizeOf, servedRecipe, servedRecipes, type BundleManifest } from "../bundles/manifest.ts";
import { pruneInstantBundles } from "../bundles/prune-instant.ts";
import { readManifest } from "../bundles/read.ts";
import { BundleStore } from "../bundles/store.ts";
import { readThresholdOverride, writeThresholdOverride } from "../bundles/write.ts";
import type { StatePaths } from "../config/paths.ts";
import { readReference } from "../imaging/quality/quality-reference.ts";
import { InputError, messageOf, ModelError } from "../domain/errors.ts";
import type { Size } from "../domain/inspection.ts";
import type { CameraLine } from "../inspection/camera-line.ts";
import type { Thresholds } from "../inspection/decide.ts";
import type { LineRecipe } from "../inspection/line-parts.ts";

export interface StationModelsOptions {
  readonly paths: Pick<StatePaths, "bundles" | "active">;
  /** Of the whole station: those that look at one product share its model and its limits. */
  readonly lines: () => readonly CameraLine[];
  /** Of the pictures that the cameras of a recipe give. */
  readonly pictureSize: (recipe: string) => Size;
  readonly logger: Logger;
  /** Something happened that the plant should know. */
  readonly event: (kind: string, data: Readonly<Record<string, unknown>>, camera: string) => void;
  /** What judges a line, or its limits, has changed. */
  readonly onChange: (line: CameraLine) => void;
}

/** What was asked for a line, and the recipe that it had then: changes wait for their turn. */
interface Wish {
  readonly line: CameraLine;
  readonly recipe: string;
  readonly by: string | null;
}

/** Which bundle judges each recipe's lines, and with which limits: promotion, rollback and thresholds set by people. */
export class StationModels {
  readonly #options: StationModelsOptions;
  readonly #bundles: BundleStore;
  readonly #manifests = new Map<string, BundleManifest>();
  /** Ends with the last change that was asked for: they are made one after the other. */
  #changes: Promise<unknown> = Promise.resolve();

  constructor(options: StationModelsOptions) {
    this.#options = options;
    this.#bundles = new BundleStore(options.paths);
  }

  /** The active bundle of a recipe; null if it has none, or its pointer cannot be read. */
  active(recipe: string): string | null {
    try {
      return this.#bundles.active(recipe);
    } catch (error) {
      this.#options.logger.error({ recipe, err: error }, "the active model's pointer cannot be read");
      return null;
    }
  }

  /** Manifest of a bundle that was loaded since the start. */
  manifest(bundleId: string | null): BundleManifest | null {
    return bundleId === null ? null : (this.#manifests.get(bundleId) ?? null);
  }

  /** Manifest of what judges a line; null if nothing does, also while it goes from one recipe to another. */
  manifestOf({ inspector, recipe }: CameraLine): BundleManifest | null {
    const manifest = this.manifest(inspector.status.bundleId);
    const isServed = manifest !== null && servedRecipes(manifest).some((served) => served.recipe === recipe);
    return isServed ? manifest : null;
  }

  /** Loads what was active before the start. A missing or damaged model is no error: the line's parts are `ERR`. */
  loadActive(line: CameraLine): Promise<void> {
    return this.#inTurn(() => this.#loadActive(line));
  }

  async #loadActive(line: CameraLine): Promise<void> {
    try {
      const id = this.#bundles.active(line.recipe);
      if (id !== null) await this.#load(line, await this.#bundles.verify(id));
    } catch (error) {
      this.#options.logger.error(
        { camera: line.name, err: error },
        "the active model cannot be used; parts are rejected",
      );
      line.modelProblem = `the active model cannot be used: ${messageOf(error)}`;
      this.#options.event("model.unusable", { text: messageOf(error) }, line.name);
    }
  }

  /**
   * Makes a bundle judge a recipe on every line that has it: loaded and golden-checked in a process of its own first, then
   * the pointer moves. A line that has gone over to another recipe meanwhile judges on by that one.
   * @param line for which it was asked
   * @throws ModelError; what judged before goes on
   */
  promote(line: CameraLine, bundleId: string, by: string | null, recipe = line.recipe): Promise<void> {
    return this.#inTurn(() => this.#promote({ line, recipe, by }, bundleId));
  }

  /** Back to the parent of the active bundle. @returns its id @throws ModelError `no-active-bundle`, `no-parent` */
  rollback(line: CameraLine, by: string | null): Promise<string> {
    const { recipe } = line;
    return this.#inTurn(() => this.#rollback({ line, recipe, by }));
  }

  /**
   * Limits set by a person, for every line with this recipe: from the next part on, and after a restart.
   * @throws InputError `no-model`; `recipe-changed` if it was meant for the recipe before
   */
  setThreshold(line: CameraLine, limits: Thresholds, by: string | null): Promise<Thresholds | null> {
    const { recipe } = line;
    return this.#inTurn(() => this.#setThreshold({ line, recipe, by }, limits));
  }

  /** A model that kills its process again and again is rolled back, if it still judges and there is something to go back to. */
  async escapeCrashLoop(line: CameraLine, bundleId: string | null, detail: string): Promise<void> {
    const { logger, event } = this.#options;
    const wish = { line, recipe: line.recipe, by: "assayd" };
    event("model.crash-loop", { text: detail }, line.name);
    try {
      const parent = await this.#inTurn(async () =>
        this.#bundles.active(wish.recipe) === bundleId ? this.#rollback(wish) : null,
      );
      if (parent === null) return; // another line with this recipe was told first
      logger.error({ camera: line.name, parent, detail }, "the model crashed again and again; rolled back");
    } catch (error) {
      logger.error(
        { camera: line.name, detail, err: error },
        "the model crashes again and again; parts are rejected",
      );
    }
  }

  /**
   * From the next part on the line judges by another recipe and its active model; parts under way are answered by the old
   * one first, parts that come between the call and its end are `ERR not_ready`. Without a model the line takes the recipe and
   * waits for one. What was asked for last holds, whatever is still under way.
   * @throws ModelError if the recipe's model cannot be used; the old recipe then goes on
   */
  async changeRecipe(line: CameraLine, recipe: LineRecipe, by: string | null): Promise<void> {
    if (line.stops.held === null && line.recipe === recipe.identity.id) return;
    const release = line.hold(`the recipe is being changed to ${recipe.identity.id}`);
    this.#options.onChange(line);
    try {
      await this.#inTurn(() => this.#changeRecipe(line, recipe, by));
    } finally {
      release();
      this.#options.onChange(line);
    }
  }

  async #changeRecipe(line: CameraLine, recipe: LineRecipe, by: string | null): Promise<void> {
    const before = line.lineRecipe;
    if (before.identity.id === recipe.identity.id) return;
    try {
      await line.idle();
      await this.#keepLoaded(line);
      line.useRecipe(recipe);
      await this.#loadForRecipe(line);
    } catch (error) {
      line.useRecipe(before);
      throw error;
    }
    await line.usePictureSize(recipe.pictureSize);
    await before.collector.stop();
    const data = { recipe: recipe.identity, before: before.identity, by };
    this.#options.event("recipe.selected", data, line.name);
  }

  /** The way back shall be as short as the way there. */
  async #keepLoaded({ inspector }: CameraLine): Promise<void> {
    const { bundleId, ready } = inspector.status;
    if (bundleId !== null && ready) await inspector.prepare(this.#bundles.dir(bundleId));
  }

  async #loadForRecipe(line: CameraLine): Promise<void> {
    const id = this.#bundles.active(line.recipe);
    if (id === null) line.inspector.deactivate();
    else await this.#load(line, await readManifest(this.#bundles.dir(id))); // who loads it checks every byte
  }

  /** Loads the active model of a recipe beside the one that judges. @throws ModelError; InputError `no-model` */
  async prepare(line: CameraLine, recipe: string): Promise<void> {
    const id = this.#bundles.active(recipe);
    if (id === null)
      throw new InputError(
        "no-model",
        `recipe ${recipe} has no model yet; select it, collect good parts and train`,
      );
    this.#checkSize(recipe, await readManifest(this.#bundles.dir(id)));
    await line.inspector.prepare(this.#bundles.dir(id));
  }

  /** Deletes instant models that nothing leads to any more; what cannot be deleted stays, with a word in the log. */
  async pruneInstant(): Promise<void> {
    const { lines, logger } = this.#options;
    const inspectors = lines().map(({ inspector }) => inspector);
    const prune = async (): Promise<void> => {
      const judging = inspectors.flatMap(({ status }) => status.bundleId ?? []);
      const deleted = await pruneInstantBundles(this.#bundles, new Set(judging));
      for (const id of deleted) for (const inspector of inspectors) inspector.release(id);
      if (deleted.length > 0) logger.info({ deleted }, "old instant models are deleted");
    };
    await this.#inTurn(prune).catch((error: unknown) => {
      logger.warn({ err: error }, "old instant models cannot be deleted");
    });
  }

  #inTurn<R>(change: () => Promise<R>): Promise<R> {
    const made = this.#changes.then(change);
    this.#changes = made.catch(() => undefined);
    return made;
  }

  async #rollback(wish: Wish): Promise<string> {
    const parent = this.#bundles.parentOfActive(wish.recipe);
    await this.#promote(wish, parent);
    return parent;
  }

  async #promote({ line, recipe, by }: Wish, bundleId: string): Promise<void> {
    const manifest = await this.#bundles.verify(bundleId);
    const { parent } = servedRecipe(manifest, recipe);
    const users = this.#usersOf(recipe);
    const before = users.map((user) => user.inspector.status.bundleId);
    try {
      if (users.length === 0) await this.#prove(line, recipe, manifest);
      for (const user of users) await this.#load(user, manifest);
      await this.#bundles.promote(recipe, bundleId);
    } catch (error) {
      for (const [at, user] of users.entries()) await this.#takeBack(user, before[at] ?? null);
      throw error;
    }
    for (const { name } of users.length > 0 ? users : [line])
      this.#options.event("model.promoted", { model_id: bundleId, parent, by, recipe }, name);
    for (const user of users) this.#options.onChange(user);
  }

  #usersOf(recipe: string): readonly CameraLine[] {
    return this.#options.lines().filter((line) => line.recipe === recipe);
  }

  /** Loads what judges nothing yet, so that its golden frames are proven. */
  async #prove({ inspector }: CameraLine, recipe: string, manifest: BundleManifest): Promise<void> {
    this.#checkSize(recipe, manifest);
    await inspector.prepare(this.#bundles.dir(manifest.id));
  }

  /** Another line's load failed, or the pointer could not be moved (disk full): what the pointer names judges again. */
  async #takeBack(line: CameraLine, bundleId: string | null): Promise<void> {
    if (bundleId === line.inspector.status.bundleId) return;
    if (bundleId === null) {
      line.inspector.deactivate();
      return;
    }
    try {
      await this.#load(line, await this.#bundles.verify(bundleId));
    } catch (error) {
      this.#options.logger.error(
        { camera: line.name, bundleId, err: error },
        "the model before cannot be loaded",
      );
    }
  }

  async #setThreshold({ line, recipe, by }: Wish, limits: Thresholds): Promise<Thresholds | null> {
    const { bundleId } = line.inspector.status;
    if (line.recipe !== recipe) {
      throw new InputError(
        "recipe-changed",
        `camera ${line.name} has recipe ${line.recipe} now; the limits were meant for ${recipe}`,
      );
    }
    if (bundleId === null) {
      throw new InputError(
        "no-model",
        `camera ${line.name} has no model yet, so there is no threshold to set`,
      );
    }
    const old = line.thresholdsOf(bundleId);
    const at = new Date().toISOString();
    const record = { value: limits.reject, warn: limits.warn, bundleId, by: by ?? "mqtt", at };
    await writeThresholdOverride(this.#options.paths.active, recipe, record);
    for (const user of this.#usersOf(recipe)) {
      if (user.inspector.status.bundleId !== bundleId) continue;
      user.setThresholds(bundleId, limits);
      this.#options.event("threshold.set", { model_id: bundleId, old, new: limits, by }, user.name);
      this.#options.onChange(user);
    }
    return old;
  }

  /** Every part would be an error otherwise. */
  #checkSize(recipe: string, manifest: BundleManifest): void {
    const size = pictureSizeOf(manifest);
    const given = this.#options.pictureSize(recipe);
    if (size.width === given.width && size.height === given.height) return;
    throw new ModelError(
      "wrong-size",
      `Bundle ${manifest.id} judges pictures of ${size.width}×${size.height}, the configuration has ${given.width}×${given.height} ` +
        `for recipe "${recipe}". Set inputSize or preprocess.pictureSize back, or teach the product again.`,
    );
  }

  async #load(line: CameraLine, manifest: BundleManifest): Promise<void> {
    const { threshold, quality } = servedRecipe(manifest, line.recipe);
    this.#checkSize(line.recipe, manifest);
    const override = await readThresholdOverride(this.#options.paths.active, line.recipe, manifest.id);
    this.#manifests.set(manifest.id, manifest);
    const limits = { reject: override?.value ?? threshold.value, warn: override?.warn ?? null };
    const reference = quality && readReference(quality);
    await line.load(this.#bundles.dir(manifest.id), manifest.id, limits, reference);
  }
}
