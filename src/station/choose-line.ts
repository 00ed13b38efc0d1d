import { InputError } from "../domain/errors.ts";
import type { CameraLine } from "../inspection/camera-line.ts";

/** The line that a command means: named, or the only one. @throws InputError naming the known cameras */
export function chooseLine(lines: ReadonlyMap<string, CameraLine>, camera: string | undefined): CameraLine {
  const known = [...lines.keys()].join(", ");
  const only = lines.size === 1 ? [...lines.values()][0] : undefined;
  const line = camera === undefined ? only : lines.get(camera);
  if (line) return line;
  throw camera === undefined
    ? new InputError("camera-missing", `this station has several cameras; add "camera" with one of: ${known}`)
    : new InputError("camera-unknown", `camera "${camera}" is not known; known cameras: ${known}`);
}
