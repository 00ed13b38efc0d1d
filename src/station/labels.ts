import { mkdir, readdir, rm } from "node:fs/promises";
import { basename, join } from "node:path";
import type { Archive, Evidence } from "../archive/archive.ts";
import { parseFileName } from "../archive/evidence-name.ts";
import { InputError } from "../domain/errors.ts";
import type { Frame, Inspection, Size } from "../domain/inspection.ts";
import { readCropped, type Crop } from "../imaging/read-cropped.ts";
import { writePng } from "../imaging/write-picture.ts";
import type { PartLabels } from "./services.ts";

const REMEMBERED = 64; // frames
const REMEMBERED_BYTES = 32 * 1024 * 1024; // one of 256×256 has 0.2 MB, one that is cut into tiles up to 48

export type Label = "good" | "bad";

export interface StationLabelsOptions {
  readonly archive: Pick<Archive, "find" | "label">;
  readonly archiveDir: string;
  /** Recorded parts of a camera by `seq`. */
  readonly history: (camera: string, from: number, to: number) => Promise<readonly Inspection[]>;
  /** How a camera's full picture becomes one of the model's size. @throws InputError for a camera or recipe that is gone */
  readonly geometry: (camera: string, recipe: string) => { readonly crop: Crop; readonly size: Size };
  /** Normals by recipe: `<datasets>/<recipe>/*.png`. */
  readonly datasetsDir: string;
  /** Known defects by recipe: `<challenge>/<recipe>/<inspection id>.png`. */
  readonly challengeDir: string;
}

/** A known defect, at model size. */
export interface ChallengeFile {
  /** Its inspection id. */
  readonly id: string;
  readonly file: string;
}

/**
 * What people say parts really were. A part labelled good (a false reject) becomes a normal of its recipe, one labelled bad a
 * picture that every later model must catch. The frame itself is taken where the part was rejected lately, else its evidence.
 */
export class StationLabels implements PartLabels {
  readonly #options: StationLabelsOptions;
  readonly #frames = new Map<string, { readonly frame: Frame; readonly recipe: string }>();
  #frameBytes = 0;

  constructor(options: StationLabelsOptions) {
    this.#options = options;
  }

  /** Keeps the frame of a part that was not OK for a while: it may be labelled. Call it for every part with a frame. */
  remember({ inspectionId, verdict, recipe }: Inspection, frame: Frame): void {
    if (verdict === "OK") return;
    this.#frames.set(inspectionId, { frame, recipe: recipe.id });
    this.#frameBytes += frame.data.byteLength;
    for (const [oldest, { frame: old }] of this.#frames) {
      if (this.#frames.size <= REMEMBERED && this.#frameBytes <= REMEMBERED_BYTES) break;
      this.#frames.delete(oldest);
      this.#frameBytes -= old.data.byteLength;
    }
  }

  async label(inspectionId: string, label: Label | null, by: string): Promise<Label | null> {
    const evidence = await this.#options.archive.find(inspectionId);
    if (label === null) await this.#forget(inspectionId);
    else await this.#keep(inspectionId, label, evidence);
    if (evidence.files.length > 0) await this.#options.archive.label(inspectionId, label, by);
    return evidence.label?.label ?? null;
  }

  /** The known defects of a recipe. */
  async challenge(recipe: string): Promise<readonly ChallengeFile[]> {
    const folder = join(this.#options.challengeDir, recipe);
    const names = (await namesIn(folder)).filter((name) => name.endsWith(".png") && !name.startsWith("."));
    return names.map((name) => ({ id: basename(name, ".png"), file: join(folder, name) }));
  }

  async #keep(inspectionId: string, label: Label, evidence: Evidence): Promise<void> {
    const { recipe, pixels, size } = await this.#picture(inspectionId, evidence);
    await this.#forget(inspectionId);
    const file = label === "good" ? this.#normal(recipe, inspectionId) : this.#defect(recipe, inspectionId);
    await mkdir(join(file, ".."), { recursive: true });
    await writePng(file, pixels, size);
  }

  /** The part's picture at model size. @throws InputError `no-evidence`, `unknown-inspection` */
  async #picture(
    inspectionId: string,
    { files }: Evidence,
  ): Promise<{ readonly recipe: string; readonly pixels: Uint8Array; readonly size: Size }> {
    const recent = this.#frames.get(inspectionId);
    if (recent !== undefined) return { recipe: recent.recipe, pixels: recent.frame.data, size: recent.frame };
    const kept = files.find(({ kind }) => kind === "frame");
    const name = kept && parseFileName(basename(kept.path));
    if (kept === undefined || !name) {
      const text = `No picture of ${inspectionId} is kept: it was OK and not sampled, or older ones gave way. Raise evidence.okShare or evidence.maxBytes.`;
      throw new InputError("no-evidence", text);
    }
    const [part] = await this.#options.history(name.camera, name.seq, name.seq);
    if (part?.inspectionId !== inspectionId) {
      throw new InputError(
        "unknown-inspection",
        `The history no longer has ${inspectionId}, so its recipe is unknown.`,
      );
    }
    const { crop, size } = this.#options.geometry(name.camera, part.recipe.id);
    const pixels = await readCropped(join(this.#options.archiveDir, kept.path), crop, size);
    return { recipe: part.recipe.id, pixels, size };
  }

  async #forget(inspectionId: string): Promise<void> {
    for (const recipe of await namesIn(this.#options.datasetsDir))
      await rm(this.#normal(recipe, inspectionId), { force: true });
    for (const recipe of await namesIn(this.#options.challengeDir))
      await rm(this.#defect(recipe, inspectionId), { force: true });
  }

  #normal(recipe: string, inspectionId: string): string {
    return join(this.#options.datasetsDir, recipe, `label-${inspectionId}.png`);
  }

  #defect(recipe: string, inspectionId: string): string {
    return join(this.#options.challengeDir, recipe, `${inspectionId}.png`);
  }
}

async function namesIn(folder: string): Promise<readonly string[]> {
  return readdir(folder).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  });
}
