import { mkdir, readdir, readFile, rename, rm, rmdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { syncFolder, writeDurably } from "../system/durable-files.ts";
import {
  dayOf,
  EVIDENCE_CLASSES,
  fileNameOf,
  parseFileName,
  type EvidenceClass,
  type EvidenceName,
} from "./evidence-name.ts";

export type EvidenceBytes = Readonly<Record<EvidenceClass, number>>;

/** A label that a person gave a part. */
export interface EvidenceLabel {
  readonly label: "good" | "bad";
  readonly by: string;
  /** ISO-8601 UTC. */
  readonly at: string;
  /** What its pictures were kept as before. */
  readonly was: EvidenceClass;
}

const DAY = /^\d{4}-\d\d-\d\d$/;

/** The folder of evidence: `<day>/<name>.jpg`, and `<day>/<inspection id>.label.json` beside labelled ones. Knows its size by class. */
export class EvidenceFiles {
  readonly #folder: string;
  readonly #bytes = new Map<string, Record<EvidenceClass, number>>();

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Bytes of all days. */
  get bytes(): EvidenceBytes {
    const sum = noBytes();
    for (const day of this.#bytes.values()) for (const name of EVIDENCE_CLASSES) sum[name] += day[name];
    return sum;
  }

  /** Reads what is there from earlier runs; removes what a crash left half written. */
  async scan(): Promise<void> {
    await mkdir(this.#folder, { recursive: true });
    const days = (await readdir(this.#folder)).filter((name) => DAY.test(name));
    for (const day of days) {
      for (const file of await readdir(join(this.#folder, day))) {
        const path = join(this.#folder, day, file);
        const name = parseFileName(file);
        if (name !== null) this.#add(day, name.class, (await stat(path)).size);
        else if (file.endsWith(".tmp")) await rm(path, { force: true });
      }
    }
  }

  /** @returns the path below the folder */
  async write(name: EvidenceName, jpeg: Uint8Array): Promise<string> {
    const day = dayOf(name.inspectionId);
    const file = join(day, fileNameOf(name));
    if (!this.#bytes.has(day)) await mkdir(join(this.#folder, day), { recursive: true });
    await writeDurably(join(this.#folder, file), jpeg);
    this.#add(day, name.class, jpeg.byteLength);
    return file;
  }

  /** Pictures of a part, as paths below the folder. */
  async find(inspectionId: string): Promise<(EvidenceName & { readonly path: string })[]> {
    const day = dayOf(inspectionId);
    const files = await this.#list(day);
    const own = files
      .filter((file) => file.startsWith(inspectionId))
      .map((file) => ({ file, name: parseFileName(file) }));
    return own.flatMap(({ file, name }) => (name === null ? [] : [{ ...name, path: join(day, file) }]));
  }

  async readLabel(inspectionId: string): Promise<EvidenceLabel | null> {
    try {
      return JSON.parse(await readFile(this.#labelFile(inspectionId), "utf8")) as EvidenceLabel;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
      throw error;
    }
  }

  /** Null takes the label away. */
  async writeLabel(inspectionId: string, label: EvidenceLabel | null): Promise<void> {
    if (label === null) await rm(this.#labelFile(inspectionId), { force: true });
    else await writeDurably(this.#labelFile(inspectionId), JSON.stringify(label));
  }

  /** Keeps a part's pictures as another class. */
  async move(inspectionId: string, to: EvidenceClass): Promise<void> {
    const day = dayOf(inspectionId);
    for (const { path, ...name } of await this.find(inspectionId)) {
      const { size } = await stat(join(this.#folder, path));
      await rename(join(this.#folder, path), join(this.#folder, day, fileNameOf({ ...name, class: to })));
      this.#add(day, name.class, -size);
      this.#add(day, to, size);
    }
    await syncFolder(join(this.#folder, day));
  }

  /** Deletes pictures of a class, oldest first, until `bytes` are freed or none is left. @returns bytes freed */
  async removeOldest(kept: EvidenceClass, bytes: number): Promise<number> {
    let freed = 0;
    for (const day of [...this.#bytes.keys()].sort()) {
      if (freed >= bytes) break;
      if ((this.#bytes.get(day)?.[kept] ?? 0) > 0) freed += await this.#removeOfDay(day, kept, bytes - freed);
    }
    return freed;
  }

  async #removeOfDay(day: string, kept: EvidenceClass, bytes: number): Promise<number> {
    let freed = 0;
    for (const file of await this.#list(day)) {
      if (freed >= bytes) return freed;
      const name = parseFileName(file);
      if (name?.class !== kept) continue;
      const path = join(this.#folder, day, file);
      const { size } = await stat(path);
      await rm(path);
      if (kept === "training") await this.writeLabel(name.inspectionId, null);
      this.#add(day, kept, -size);
      freed += size;
    }
    const left = this.#bytes.get(day) ?? noBytes();
    if (EVIDENCE_CLASSES.every((name) => left[name] <= 0)) await this.#removeDay(day);
    return freed;
  }

  async #removeDay(day: string): Promise<void> {
    this.#bytes.delete(day);
    await rmdir(join(this.#folder, day)).catch(() => undefined); // something else is in it: not ours to delete
  }

  /** Names in order of time. */
  async #list(day: string): Promise<string[]> {
    try {
      return (await readdir(join(this.#folder, day))).sort();
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
      throw error;
    }
  }

  #labelFile(inspectionId: string): string {
    return join(this.#folder, dayOf(inspectionId), `${inspectionId}.label.json`);
  }

  #add(day: string, kept: EvidenceClass, bytes: number): void {
    const known = this.#bytes.get(day) ?? noBytes();
    known[kept] += bytes;
    this.#bytes.set(day, known);
  }
}

function noBytes(): Record<EvidenceClass, number> {
  return { ng: 0, err: 0, ok: 0, training: 0 };
}
