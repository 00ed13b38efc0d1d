import type { Logger } from "pino";
import { pictureSizeOf, servedRecipe, type BundleManifest } from "../bundles/manifest.ts";
import { readManifest } from "../bundles/read.ts";
import { BundleStore } from "../bundles/store.ts";
import { readThresholdOverride, writeThresholdOverride } from "../bundles/write.ts";
import type { StatePaths } from "../config/paths.ts";
import { InputError, messageOf, ModelError } from "../domain/errors.ts";
import type { Size } from "../domain/inspection.ts";
import type { CameraLine, LineRecipe } from "./camera-line.ts";
import type { Thresholds } from "./decide.ts";

export interface StationModelsOptions {
  readonly paths: Pick<StatePaths, "bundles" | "active">;
  /** Of the pictures that the cameras of a recipe give. */
  readonly pictureSize: (recipe: string) => Size;
  readonly logger: Logger;
  /** Something happened that the plant should know. */
  readonly event: (kind: string, data: Readonly<Record<string, unknown>>, camera: string) => void;
  /** What judges a line, or its limits, has changed. */
  readonly onChange: (line: CameraLine) => void;
}

/** Which bundle judges each line, and with which limits: promotion, rollback and thresholds set by people. */
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
   * Makes a bundle judge: loaded and golden-checked in a process of its own first, then the pointer moves.
   * @throws ModelError; what judged before goes on
   */
  promote(line: CameraLine, bundleId: string, by: string | null): Promise<void> {
    return this.#inTurn(() => this.#promote(line, bundleId, by));
  }

  /** Back to the parent of the active bundle. @returns its id @throws ModelError `no-active-bundle`, `no-parent` */
  rollback(line: CameraLine, by: string | null): Promise<string> {
    return this.#inTurn(async () => {
      const parent = this.#bundles.parentOfActive(line.recipe);
      await this.#promote(line, parent, by);
      return parent;
    });
  }

  /** Limits set by a person: from the next part on, and after a restart. @throws InputError `no-model` */
  setThreshold(line: CameraLine, limits: Thresholds, by: string | null): Promise<Thresholds | null> {
    return this.#inTurn(() => this.#setThreshold(line, limits, by));
  }

  /** A model that kills its process again and again is rolled back, if there is something to go back to. */
  async escapeCrashLoop(line: CameraLine, detail: string): Promise<void> {
    const { logger, event } = this.#options;
    event("model.crash-loop", { text: detail }, line.name);
    try {
      const parent = await this.rollback(line, "assayd");
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
   * one first, parts that come meanwhile are `ERR not_ready`. Without a model the line takes the recipe and waits for one.
   * @throws ModelError if the recipe's model cannot be used; the old recipe then goes on
   */
  changeRecipe(line: CameraLine, recipe: LineRecipe, by: string | null): Promise<void> {
    return this.#inTurn(async () => {
      const before = line.lineRecipe;
      line.stops.held = `the recipe is being changed from ${before.identity.id} to ${recipe.identity.id}`;
      this.#options.onChange(line);
      try {
        await line.idle();
        await this.#keepLoaded(line);
        line.useRecipe(recipe);
        await this.#loadForRecipe(line);
      } catch (error) {
        line.useRecipe(before);
        throw error;
      } finally {
        line.stops.held = null;
        this.#options.onChange(line);
      }
      const data = { recipe: recipe.identity, before: before.identity, by };
      this.#options.event("recipe.selected", data, line.name);
    });
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

  #inTurn<R>(change: () => Promise<R>): Promise<R> {
    const made = this.#changes.then(change);
    this.#changes = made.catch(() => undefined);
    return made;
  }

  async #promote(line: CameraLine, bundleId: string, by: string | null): Promise<void> {
    const manifest = await this.#bundles.verify(bundleId);
    const { parent } = servedRecipe(manifest, line.recipe);
    const before = line.inspector.status.bundleId;
    await this.#load(line, manifest);
    try {
      await this.#bundles.promote(line.recipe, bundleId);
    } catch (error) {
      await this.#takeBack(line, before);
      throw error;
    }
    this.#options.event("model.promoted", { model_id: bundleId, parent, by }, line.name);
    this.#options.onChange(line);
  }

  /** The pointer could not be moved (disk full): what the pointer names judges again. */
  async #takeBack(line: CameraLine, bundleId: string | null): Promise<void> {
    if (bundleId === null) return;
    try {
      await this.#load(line, await this.#bundles.verify(bundleId));
    } catch (error) {
      this.#options.logger.error(
        { camera: line.name, bundleId, err: error },
        "the model before cannot be loaded",
      );
    }
  }

  async #setThreshold(line: CameraLine, limits: Thresholds, by: string | null): Promise<Thresholds | null> {
    const { bundleId } = line.inspector.status;
    if (bundleId === null) {
      throw new InputError(
        "no-model",
        `camera ${line.name} has no model yet, so there is no threshold to set`,
      );
    }
    const old = line.thresholdsOf(bundleId);
    const at = new Date().toISOString();
    const record = { value: limits.reject, warn: limits.warn, bundleId, by: by ?? "mqtt", at };
    await writeThresholdOverride(this.#options.paths.active, line.recipe, record);
    line.setThresholds(bundleId, limits);
    this.#options.event("threshold.set", { model_id: bundleId, old, new: limits, by }, line.name);
    this.#options.onChange(line);
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
    const { threshold } = servedRecipe(manifest, line.recipe);
    this.#checkSize(line.recipe, manifest);
    const override = await readThresholdOverride(this.#options.paths.active, line.recipe, manifest.id);
    this.#manifests.set(manifest.id, manifest);
    await line.load(this.#bundles.dir(manifest.id), manifest.id, {
      reject: override?.value ?? threshold.value,
      warn: override?.warn ?? null,
    });
  }
}
