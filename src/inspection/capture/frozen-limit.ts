import type { CameraSource } from "../../config/schema.ts";

/** A frozen camera is noticed within 5 frames. */
const SENSOR_LIMIT = 5;

/**
 * Identical pictures in a row that mean a frozen camera, where the configuration leaves it open. A sensor's noise never repeats;
 * a rendered picture, a folder's, and one behind an inter-frame codec (rtsp) may, as may whatever a pipeline of one's own makes: 0.
 */
export function usualFrozenLimit(source: CameraSource): number {
  switch (source.kind) {
    case "v4l2":
    case "csi":
    case "genicam":
      return SENSOR_LIMIT;
    case "rtsp":
      return source.codec === "mjpeg" ? SENSOR_LIMIT : 0;
    case "simulated":
    case "folder":
    case "pipeline":
      return 0;
  }
}
