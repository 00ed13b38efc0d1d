import { describe, expect, test } from "vitest";
import { cameraSourceSchema } from "../../../src/config/schema.ts";
import { faultText } from "../../../src/inspection/capture/fault-text.ts";

describe("faultText", () => {
  test("names camera, GStreamer's and the system's reason, and the remedy", () => {
    const fault = {
      code: "pipeline-error",
      message: "v4l2src0: Device is busy",
      debug: "x.c(1): f ():\nsystem error: Device or resource busy",
    };
    expect(faultText(cameraSourceSchema.parse({ kind: "v4l2", device: "/dev/video2" }), fault)).toMatch(
      /^camera \/dev\/video2: v4l2src0: Device is busy \(Device or resource busy\)\. Is it plugged in, free/,
    );
  });

  test.each([
    ["rtsp://user:secret@10.0.0.5/stream", "rtsp://user:***@10.0.0.5/stream"],
    ["rtsp://user:p@ss@10.0.0.5/stream", "rtsp://user:***@10.0.0.5/stream"],
    ["rtsp://10.0.0.5:554/user@x", "rtsp://10.0.0.5:554/user@x"],
  ])("never shows the password of %s", (url, shown) => {
    const text = faultText(cameraSourceSchema.parse({ kind: "rtsp", url }), {
      code: "pipeline-error",
      message: `cannot open ${url}`,
    });
    expect(text).toContain(`camera ${shown}: cannot open ${shown}`);
    expect(text).not.toContain("secret");
  });
});
