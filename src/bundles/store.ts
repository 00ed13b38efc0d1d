import { existsSync, readFileSync } from "node:fs";
import { cp, mkdir, readdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { ModelError, messageOf } from "../domain/errors.ts";
import { renameDurably, syncFolder, syncTree, writeDurably } from "../system/durable-files.ts";
import { failpoint } from "../system/failpoints.ts";
import { BUNDLE_ID, servedRecipe, type BundleManifest } from "./manifest.ts";
import { readManifest, verifyBundle } from "./read.ts";

/** One line of `assayd models list`. */
export interface BundleSummary {
  readonly id: string;
  /** Null, with `problem` in words, if the manifest cannot be read; the other files are not checked here. */
  readonly manifest: BundleManifest | null;
  readonly problem: string | null;
  /** Recipes for which it is the active bundle. */
  readonly activeFor: readonly string[];
}

/**
 * The bundles of a station and, for each recipe, which one is active. Every change is one atomic rename: a kill or power
 * cut at any moment leaves the old or the new bundle active, whole (promises.md R1). One process changes it at a time.
 */
export class BundleStore {
  readonly #bundles: string;
  readonly #active: string;

  constructor(paths: { readonly bundles: string; readonly active: string }) {
    this.#bundles = paths.bundles;
    this.#active = paths.active;
  }

  /** All bundles, newest first; damaged ones last. */
  async list(): Promise<BundleSummary[]> {
    const recipes = (await namesIn(this.#active)).filter((name) => BUNDLE_ID.test(name));
    const ids = (await namesIn(this.#bundles)).filter((name) => BUNDLE_ID.test(name));
    const summaries = ids.map(async (id): Promise<BundleSummary> => {
      const activeFor = recipes.filter((recipe) => this.active(recipe) === id);
      try {
        return { id, manifest: await readManifest(this.dir(id)), problem: null, activeFor };
      } catch (error) {
        return { id, manifest: null, problem: messageOf(error), activeFor };
      }
    });
    const createdAt = (summary: BundleSummary) => summary.manifest?.createdAt ?? "";
    return (await Promise.all(summaries)).sort((a, b) => createdAt(b).localeCompare(createdAt(a)));
  }

  /** Id of the recipe's active bundle; null if it has none. @throws ModelError `pointer-damaged` */
  active(recipe: string): string | null {
    return this.#readPointer(recipe)?.id ?? null;
  }

  /** Folder of a bundle (it need not exist). @throws ModelError `bundle-missing` for an id that cannot be one. */
  dir(id: string): string {
    if (!BUNDLE_ID.test(id)) {
      throw new ModelError(
        "bundle-missing",
        `${JSON.stringify(id)} is not a bundle id. See "assayd models list".`,
      );
    }
    return join(this.#bundles, id);
  }

  /**
   * Takes in a finished bundle folder (see `createManifest`): verifies it, makes it durable, moves it.
   * @throws ModelError `bundle-damaged`, `bundle-invalid`, `bundle-exists`; the store is then unchanged.
   */
  async add(folder: string): Promise<BundleManifest> {
    const manifest = await verifyBundle(folder);
    failpoint("add.verified");
    const target = this.dir(manifest.id);
    if (existsSync(target)) {
      throw new ModelError(
        "bundle-exists",
        `Bundle ${manifest.id} is in the store already. Give the new one another id.`,
      );
    }
    await mkdir(this.#bundles, { recursive: true });
    await this.#moveIn(folder, target);
    failpoint("add.folder-synced");
    return manifest;
  }

  /**
   * Makes a bundle the active one of a recipe, after verifying every file. The caller has had the golden frames scored
   * by the process that will run it (`Inspector.load`).
   * @throws ModelError `bundle-missing`, `bundle-damaged`, `bundle-invalid`, `wrong-recipe`; the pointer is unchanged.
   */
  async promote(recipe: string, id: string): Promise<BundleManifest> {
    failpoint("promote.begin");
    const manifest = await this.verify(id);
    const { parent } = servedRecipe(manifest, recipe);
    failpoint("promote.verified");
    await mkdir(this.#active, { recursive: true });
    await writeDurably(this.#pointer(recipe), `${id}\n${parent ?? ""}\n`, (step) => {
      failpoint(`promote.${step}`);
    });
    return manifest;
  }

  /**
   * Promotes the parent of the active bundle.
   * @throws ModelError `no-active-bundle`, `no-parent`, or as `promote`.
   */
  async rollback(recipe: string): Promise<BundleManifest> {
    return this.promote(recipe, this.parentOfActive(recipe));
  }

  /** Where rollback of a recipe leads; null: nowhere. @throws ModelError `pointer-damaged` */
  parentOf(recipe: string): string | null {
    return this.#readPointer(recipe)?.parent ?? null;
  }

  /** What rollback would go back to. @throws ModelError `no-active-bundle`, `no-parent` */
  parentOfActive(recipe: string): string {
    const pointer = this.#readPointer(recipe);
    if (pointer === null) {
      throw new ModelError(
        "no-active-bundle",
        `Recipe "${recipe}" has no active bundle. Use "assayd models promote".`,
      );
    }
    if (pointer.parent === null) {
      throw new ModelError(
        "no-parent",
        `Bundle ${pointer.id} has no parent to go back to. Use "assayd models promote".`,
      );
    }
    return pointer.parent;
  }

  /** Deletes a bundle. @throws ModelError `bundle-active` for the active one of any recipe, `bundle-missing`. */
  async remove(id: string): Promise<void> {
    const dir = this.dir(id);
    if (!existsSync(dir))
      throw new ModelError("bundle-missing", `There is no bundle ${id}. See "assayd models list".`);
    const recipes = (await namesIn(this.#active)).filter((name) => BUNDLE_ID.test(name));
    const user = recipes.find((recipe) => this.active(recipe) === id);
    if (user !== undefined) {
      throw new ModelError(
        "bundle-active",
        `Bundle ${id} is active for recipe "${user}". Promote another one first.`,
      );
    }
    const hidden = join(this.#bundles, `.removed-${id}`);
    await rm(hidden, { recursive: true, force: true });
    await renameDurably(dir, hidden);
    failpoint("remove.hidden");
    await rm(hidden, { recursive: true, force: true });
    failpoint("remove.done");
  }

  /** Checks the manifest and the sha256 of every file. @throws ModelError `bundle-missing`, `bundle-damaged`, `bundle-invalid` */
  async verify(id: string): Promise<BundleManifest> {
    const manifest = await verifyBundle(this.dir(id));
    if (manifest.id === id) return manifest;
    throw new ModelError(
      "bundle-invalid",
      `Folder ${id} holds bundle ${manifest.id}. Rename the folder to ${manifest.id}.`,
    );
  }

  /** The pointer keeps the parent too, so that rollback works when the active bundle's own manifest is damaged. */
  #readPointer(recipe: string): { readonly id: string; readonly parent: string | null } | null {
    const path = this.#pointer(recipe);
    if (!existsSync(path)) return null;
    const [id = "", parent = ""] = readFileSync(path, "utf8").split("\n");
    if (BUNDLE_ID.test(id)) return { id, parent: BUNDLE_ID.test(parent) ? parent : null };
    throw new ModelError(
      "pointer-damaged",
      `${path} holds ${JSON.stringify(id.slice(0, 80))}, not a bundle id. Choose one with "assayd models promote".`,
    );
  }

  #pointer(recipe: string): string {
    if (BUNDLE_ID.test(recipe)) return join(this.#active, recipe);
    throw new ModelError("wrong-recipe", `${JSON.stringify(recipe)} is not a recipe name: use a-z 0-9 _ -.`);
  }

  async #moveIn(folder: string, target: string): Promise<void> {
    await syncTree(folder);
    failpoint("add.files-synced");
    try {
      await rename(folder, target);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EXDEV") throw error;
      await this.#copyIn(folder, target); // the job folder is on another file system
    }
    failpoint("add.renamed");
    await syncFolder(this.#bundles);
  }

  async #copyIn(folder: string, target: string): Promise<void> {
    const incoming = `${target}.incoming`; // not a bundle id: never listed
    await rm(incoming, { recursive: true, force: true });
    await cp(folder, incoming, { recursive: true });
    await verifyBundle(incoming);
    await syncTree(incoming);
    await renameDurably(incoming, target);
    await rm(folder, { recursive: true, force: true });
  }
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
}
