import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { CaptureError } from "../../../src/domain/errors.ts";
import { parseGdp } from "../../../src/inspection/capture/gdp.ts";
import { gdpBuffer, gdpPacket } from "./gdp-bytes.ts";

describe("parseGdp", () => {
  test("gives PTS, duration, offset and payload of a buffer", () => {
    const packet = gdpBuffer({
      ptsNs: 66_666_666n,
      durationNs: 33_333_334n,
      offset: 2n,
      payload: Buffer.from([1, 2, 3]),
    });
    expect(parseGdp(packet)).toEqual([
      {
        kind: "buffer",
        ptsNs: 66_666_666,
        durationNs: 33_333_334,
        offset: 2,
        payload: Buffer.from([1, 2, 3]),
      },
    ]);
  });

  test("gives null for times that GStreamer does not have", () => {
    const none = 0xffff_ffff_ffff_ffffn;
    const [packet] = parseGdp(
      gdpBuffer({ ptsNs: none, durationNs: none, offset: none, payload: Buffer.alloc(0) }),
    );
    expect(packet).toMatchObject({ ptsNs: null, durationNs: null, offset: null });
  });

  test("reads caps without the closing zero, and events", () => {
    const bytes = Buffer.concat([
      gdpPacket(2, Buffer.from("video/x-raw\0")),
      gdpPacket(64 + 17_934, Buffer.from("x")),
    ]);
    expect(parseGdp(bytes)).toEqual([
      { kind: "caps", caps: "video/x-raw" },
      { kind: "event", type: 17_934 },
    ]);
  });

  test("gives back any sequence of buffers", () => {
    const buffer = fc.record({
      ptsNs: fc.bigInt(0n, 2n ** 53n),
      durationNs: fc.bigInt(0n, 2n ** 40n),
      offset: fc.bigInt(0n, 2n ** 32n),
      payload: fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
    });
    fc.assert(
      fc.property(fc.array(buffer, { maxLength: 5 }), (buffers) => {
        const packets = parseGdp(Buffer.concat(buffers.map(gdpBuffer)));
        expect(packets).toEqual(
          buffers.map(({ ptsNs, durationNs, offset, payload }) => ({
            kind: "buffer",
            ptsNs: Number(ptsNs),
            durationNs: Number(durationNs),
            offset: Number(offset),
            payload,
          })),
        );
      }),
      { seed: 1 },
    );
  });

  test("refuses every truncation, and never reads beyond the bytes", () => {
    const whole = gdpBuffer({ ptsNs: 1n, durationNs: 1n, offset: 0n, payload: Buffer.alloc(40, 7) });
    for (let length = 1; length < whole.length; length++) {
      expect(() => parseGdp(whole.subarray(0, length))).toThrow(CaptureError);
    }
  });

  test("throws CaptureError or gives packets for any bytes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        try {
          parseGdp(bytes);
        } catch (error) {
          expect(error).toBeInstanceOf(CaptureError);
        }
      }),
      { seed: 1, numRuns: 2000 },
    );
  });
});
