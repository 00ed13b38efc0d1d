import { expect, test } from "vitest";
import { cameraSourceSchema } from "../../../src/config/schema.ts";
import { usualFrozenLimit } from "../../../src/inspection/capture/frozen-limit.ts";

test.each([
  [{ kind: "v4l2" }, 5],
  [{ kind: "csi" }, 5],
  [{ kind: "genicam", cameraName: "x" }, 5],
  [{ kind: "rtsp", url: "rtsp://camera/", codec: "mjpeg" }, 5],
  [{ kind: "rtsp", url: "rtsp://camera/" }, 0],
  [{ kind: "simulated" }, 0],
  [{ kind: "folder", path: "x" }, 0],
  [{ kind: "pipeline", launch: "videotestsrc" }, 0],
])("%j is frozen after %i identical pictures (0: never)", (source, limit) => {
  expect(usualFrozenLimit(cameraSourceSchema.parse(source))).toBe(limit);
});
