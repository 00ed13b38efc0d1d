import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { wrongCaps, wrongLength } from "../../../src/inspection/capture/frame-format.ts";

const SIZE = { width: 64, height: 48 };
/** As GStreamer writes it. */
const RIGHT =
  "video/x-raw, width=(int)64, height=(int)48, framerate=(fraction)30/1, format=(string)RGB, multiview-mode=(string)mono, " +
  "pixel-aspect-ratio=(fraction)1/1, interlace-mode=(string)progressive, colorimetry=(string)sRGB";

describe("caps", () => {
  test("of packed RGB in the model's size are taken, in any order", () => {
    expect(wrongCaps(RIGHT, SIZE)).toBeNull();
    expect(wrongCaps("video/x-raw, format=(string)RGB, height=(int)48, width=(int)64;", SIZE)).toBeNull();
  });

  test.each([
    "video/x-raw, width=(int)64, height=(int)48, format=(string)BGR",
    "video/x-raw, width=(int)64, height=(int)48, format=(string)RGBx",
    "video/x-raw, width=(int)64, height=(int)48",
    "video/x-raw, width=(int)48, height=(int)64, format=(string)RGB",
    "video/x-raw, max-width=(int)64, width=(int)640, height=(int)48, format=(string)RGB",
    "video/x-raw, width=(int)[ 64, 128 ], height=(int)48, format=(string)RGB",
    "video/x-raw, width=(int){ 64, 128 }, height=(int)48, format=(string)RGB",
    "video/x-raw, width=(int)64, width=(int)65, height=(int)48, format=(string)RGB",
    "video/x-raw, width=(int)64, height=(int)48, format=(string)RGB; video/x-raw, format=(string)BGR",
    "video/x-raw(memory:NVMM), width=(int)64, height=(int)48, format=(string)RGB",
    "image/jpeg, width=(int)64, height=(int)48, format=(string)RGB",
    "",
  ])("are refused: %s", (caps) => {
    expect(wrongCaps(caps, SIZE)).toContain("RGB 64x48 is expected");
  });

  test("10,000 others are refused, and only they", () => {
    const near = (value: number) => fc.oneof(fc.constant(value), fc.integer({ min: -1, max: 5000 }));
    const formats = fc.constantFrom(
      "RGB",
      "RGB",
      "RGB",
      "BGR",
      "RGBx",
      "RGBA",
      "GRAY8",
      "I420",
      "NV12",
      "RGB16",
      "rgb",
    );
    fc.assert(
      fc.property(
        near(64),
        near(48),
        formats,
        fc.shuffledSubarray([0, 1, 2, 3]),
        (width, height, format, order) => {
          const fields = [
            `width=(int)${width}`,
            `height=(int)${height}`,
            `format=(string)${format}`,
            "framerate=(fraction)0/1",
          ];
          const caps = ["video/x-raw", ...order.map((i) => fields[i])].join(", ");
          const whole = [0, 1, 2].every((i) => order.includes(i));
          const isRight = whole && width === 64 && height === 48 && format === "RGB";
          expect(wrongCaps(caps, SIZE) === null).toBe(isRight);
        },
      ),
      { seed: 1, numRuns: 10_000 },
    );
  });
});

test("10,000 lengths: only width × height × 3 bytes are a frame", () => {
  const size = fc.record({ width: fc.integer({ min: 1, max: 40 }), height: fc.integer({ min: 1, max: 40 }) });
  fc.assert(
    fc.property(size, fc.integer({ min: 0, max: 5000 }), fc.boolean(), (of, other, right) => {
      const expected = of.width * of.height * 3;
      const length = right ? expected : other;
      expect(wrongLength(new Uint8Array(length), of) === null).toBe(length === expected);
    }),
    { seed: 1, numRuns: 10_000 },
  );
});
