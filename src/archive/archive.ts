import type { Logger } from "pino";
import type { EvidenceConfig } from "../config/history-schema.ts";
import { InputError, messageOf } from "../domain/errors.ts";
import type { Inspection } from "../domain/inspection.ts";
import { EvidenceFiles, type EvidenceBytes, type EvidenceLabel } from "./evidence-files.ts";
import {
  classOf,
  isInspectionId,
  type EvidenceClass,
  type EvidenceKind,
  type EvidenceName,
} from "./evidence-name.ts";

const ROOM_SHARE = 0.05; // of a full quota is freed at once, so that not every picture reads the folder
/** When space is short, what goes first. */
const GOES_FIRST: readonly EvidenceClass[] = ["ok", "err", "ng", "training"];

/** A picture that may be worth keeping. */
export interface EvidenceOffer {
  readonly inspection: Inspection;
  readonly kind: EvidenceKind;
  /** Called later, if it is to be kept. A JPEG; null: it is gone. */
  readonly fetch: () => Promise<Uint8Array | null>;
}

/** What is kept of a part. */
export interface Evidence {
  readonly files: readonly {
    readonly kind: EvidenceKind;
    readonly class: EvidenceClass;
    /** Below the archive's folder. */
    readonly path: string;
  }[];
  readonly label: EvidenceLabel | null;
}

/** Numbers for health and metrics. */
export interface ArchiveStats {
  readonly bytes: EvidenceBytes;
  readonly waiting: number;
  readonly written: number;
  /** Not kept, because too many waited, or the disk has no room. */
  readonly dropped: number;
  /** Not kept, because the camera no longer had them or they could not be written. */
  readonly failed: number;
}

export interface ArchiveOptions {
  readonly folder: string;
  readonly config: EvidenceConfig;
  readonly logger: Logger;
  /** Epoch ms, for labels. */
  readonly now: () => number;
}

/**
 * Pictures of parts for people: all that were not OK, and a share of those that were. It is a second lane that may drop: `offer`
 * returns at once and never throws, one picture is written at a time, and the oldest of a class give way to newer ones.
 */
export class Archive {
  readonly #options: ArchiveOptions;
  readonly #files: EvidenceFiles;
  #waiting: { readonly name: EvidenceName; readonly fetch: EvidenceOffer["fetch"] }[] = [];
  #working: Promise<void> | null = null;
  #paused = false;
  #counts = { written: 0, dropped: 0, failed: 0 };

  constructor(options: ArchiveOptions) {
    this.#options = options;
    this.#files = new EvidenceFiles(options.folder);
  }

  get stats(): ArchiveStats {
    return { bytes: this.#files.bytes, waiting: this.#waiting.length, ...this.#counts };
  }

  /** Looks at what earlier runs kept. */
  async start(): Promise<void> {
    await this.#files.scan();
  }

  /** @returns true if the picture will be kept, unless it fails */
  offer({ inspection, kind, fetch }: EvidenceOffer): boolean {
    const { config } = this.#options;
    const { inspectionId, camera, seq } = inspection;
    const kept = classOf(inspection, config.okShare);
    if (!config.enabled || kept === null || (kind === "heatmap" && !config.heatmap)) return false;
    if (this.#paused || this.#waiting.length >= config.maxWaiting) {
      this.#counts.dropped += 1;
      return false;
    }
    this.#waiting.push({ name: { inspectionId, camera, seq, class: kept, kind }, fetch });
    this.#working ??= Promise.resolve().then(() => this.#work());
    return true;
  }

  /** @throws InputError if that is no inspection id */
  async find(inspectionId: string): Promise<Evidence> {
    requireId(inspectionId);
    const [files, label] = await Promise.all([
      this.#files.find(inspectionId),
      this.#files.readLabel(inspectionId),
    ]);
    return { files: files.map(({ kind, class: kept, path }) => ({ kind, class: kept, path })), label };
  }

  /**
   * Says what a part really was; its pictures are then kept as `training`. Null takes the label back.
   * @throws InputError if that is no inspection id, or no picture of it is kept
   */
  async label(inspectionId: string, label: "good" | "bad" | null, by: string): Promise<Evidence> {
    const { files, label: old } = await this.find(inspectionId);
    const [first] = files;
    if (first === undefined) {
      const text = `No picture of ${inspectionId} is kept: it was OK and not sampled, or older ones gave way. Raise evidence.okShare or evidence.maxBytes.`;
      throw new InputError("no-evidence", text);
    }
    const was = old?.was ?? first.class;
    const at = new Date(this.#options.now()).toISOString();
    if (label !== null) await this.#files.writeLabel(inspectionId, { label, by, at, was });
    await this.#files.move(inspectionId, label === null ? was : "training");
    if (label === null) await this.#files.writeLabel(inspectionId, null);
    return this.find(inspectionId);
  }

  /** No more pictures until `resume`: the disk is short of space. */
  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    this.#paused = false;
  }

  /** Deletes the oldest pictures, the least wanted class first. @returns bytes freed */
  async makeRoom(bytes: number): Promise<number> {
    let freed = 0;
    for (const kept of GOES_FIRST)
      if (freed < bytes) freed += await this.#files.removeOldest(kept, bytes - freed);
    return freed;
  }

  /** Resolves when nothing waits any more. */
  async settled(): Promise<void> {
    await this.#working;
  }

  /** Drops what waits and ends what is being written. */
  async stop(): Promise<void> {
    this.#paused = true;
    this.#counts.dropped += this.#waiting.length;
    this.#waiting = [];
    await this.#working;
  }

  async #work(): Promise<void> {
    for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) {
      try {
        const jpeg = await next.fetch();
        if (jpeg === null) this.#counts.failed += 1;
        else await this.#keep(next.name, jpeg);
      } catch (error) {
        this.#counts.failed += 1;
        this.#options.logger.debug({ seq: next.name.seq }, `picture not kept: ${messageOf(error)}`);
      }
    }
    this.#working = null;
  }

  async #keep(name: EvidenceName, jpeg: Uint8Array): Promise<void> {
    await this.#files.write(name, jpeg);
    this.#counts.written += 1;
    const limit = this.#options.config.maxBytes[name.class];
    const excess = this.#files.bytes[name.class] - limit;
    if (excess > 0) await this.#files.removeOldest(name.class, excess + limit * ROOM_SHARE);
  }
}

function requireId(inspectionId: string): void {
  if (isInspectionId(inspectionId)) return;
  throw new InputError(
    "bad-inspection-id",
    `${JSON.stringify(inspectionId)} is no inspection id: expected a UUID of version 7, as results have it.`,
  );
}
