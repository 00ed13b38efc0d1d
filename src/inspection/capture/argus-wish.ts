import { writeFile } from "node:fs/promises";
import type { Logger } from "pino";
import type { CameraSource } from "../../config/schema.ts";
import { messageOf } from "../../domain/errors.ts";

/** systemd/assayd-restart-argus.path waits for it: we have no right to restart the daemon. */
export const ARGUS_WISH_FILE = "/run/assayd/restart-argus";

/** Capture processes that ended one after the other without a picture. */
const USELESS_PROCESSES = 3;

export interface ArgusWishParts {
  readonly camera: string;
  readonly source: CameraSource;
  readonly file: string;
  readonly logger: Logger;
}

/** Asks for a restart of nvargus-daemon where a CSI camera gives nothing, however often its capture process is replaced. */
export class ArgusWish {
  readonly #parts: ArgusWishParts;
  #useless = 0;

  constructor(parts: ArgusWishParts) {
    this.#parts = parts;
  }

  /** The camera gives pictures. */
  played(): void {
    this.#useless = 0;
  }

  /** A capture process has ended. */
  async ended(): Promise<void> {
    const { camera, source, file, logger } = this.#parts;
    if (source.kind !== "csi") return;
    this.#useless += 1;
    if (this.#useless < USELESS_PROCESSES) return;
    this.#useless = 0;
    try {
      await writeFile(file, `${camera}\n`);
      logger.warn({ camera, file }, "the camera gives no pictures; nvargus-daemon shall be restarted");
    } catch (error) {
      const reason = messageOf(error);
      logger.warn(
        { camera, reason },
        "the camera gives no pictures, and nvargus-daemon cannot be restarted from here: systemctl restart nvargus-daemon",
      );
    }
  }
}
