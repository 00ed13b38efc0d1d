import { join } from "node:path";
import type { Logger } from "pino";
import { Archive, type ArchiveStats } from "../archive/archive.ts";
import { DiskGuard, type DiskLevel } from "../archive/disk-guard.ts";
import { Reserve } from "../archive/reserve.ts";
import type { Config } from "../config/schema.ts";
import type { Inspection } from "../domain/inspection.ts";
import { renderHeatmap } from "../messaging/images.ts";
import type { Messenger } from "../messaging/messenger.ts";
import type { CameraLine } from "../inspection/camera-line.ts";
import type { PartEvidence } from "../inspection/lane.ts";
import { modelHash } from "./line-view.ts";
import type { StationModels } from "./models.ts";
import type { GaugeFile } from "./studies/gauge-file.ts";

const HEATMAP = { format: "jpeg", quality: 80, maxBytes: 65_536 } as const;

export interface RecordsParts {
  readonly config: Pick<Config, "station" | "evidence" | "history">;
  /** Where evidence pictures go. */
  readonly folder: string;
  readonly messenger: Messenger;
  readonly models: Pick<StationModels, "manifest">;
  readonly gauges: Pick<GaugeFile, "marginOf">;
  /** @throws InputError for a camera that does not exist */
  readonly line: (camera: string) => Pick<CameraLine, "camera">;
  readonly logger: Logger;
  /** Epoch ms. */
  readonly now: () => number;
}

/** What is kept of each part: its result for the plant and the store, its pictures on the disk, as long as there is room. */
export class StationRecords {
  readonly archive: Archive;
  readonly #parts: RecordsParts;
  #guard: DiskGuard | null = null;

  constructor(parts: RecordsParts) {
    const { folder, config, logger, now } = parts;
    this.#parts = parts;
    this.archive = new Archive({ folder, config: config.evidence, logger, now });
  }

  get stats(): ArchiveStats & { readonly disk: DiskLevel } {
    return { ...this.archive.stats, disk: this.#guard?.level ?? "well" };
  }

  /** Looks at what is there, and watches the disk from now on. A disk that cannot be used is said, not thrown. */
  async start(): Promise<void> {
    const { config, messenger, logger } = this.#parts;
    try {
      await this.archive.start();
      const { stateDir } = config.station;
      this.#guard = new DiskGuard({
        folder: stateDir,
        reserve: await Reserve.open(join(stateDir, "reserve"), config.history.reserveBytes),
        archive: this.archive,
        pruneHistory: () => messenger.store.makeRoom(),
        logger,
      });
      await this.#guard.start();
    } catch (error) {
      logger.error({ err: error }, "evidence pictures and the disk's reserve are not kept");
    }
  }

  async stop(): Promise<void> {
    await this.#guard?.stop();
    await this.archive.stop();
  }

  /** The store begins or ceases (null) to fail. */
  storeFailed(code: string | null): void {
    this.#guard?.storeFailed(code);
  }

  /** Of one part, in the order of triggers. Returns at once. */
  record(inspection: Inspection, { frame, map }: PartEvidence): void {
    const { messenger, models, gauges } = this.#parts;
    const { recipe, bundleId, score, threshold } = inspection;
    const hash = modelHash(models.manifest(bundleId));
    const marginSigma = gauges.marginOf(recipe.id, bundleId, score, threshold);
    const context = {
      recipe,
      model: { id: bundleId, version: null, hash },
      ...(marginSigma !== null && { marginSigma }),
    };
    const scale = { low: 0, high: 2 * (threshold ?? 1) };
    messenger.deliver(inspection, context, frame && { frame, map, scale });
    if (!frame) return;
    const fetch = (): Promise<Uint8Array | null> =>
      this.#parts.line(inspection.camera).camera.evidence(frame.id);
    const isKept = this.archive.offer({ inspection, kind: "frame", fetch });
    if (isKept && map)
      this.archive.offer({ inspection, kind: "heatmap", fetch: () => renderHeatmap(map, scale, HEATMAP) });
  }
}
