import { CaptureError } from "../../domain/errors.ts";

/** Bytes of a GDP 1.0 header: gst-plugins-bad gst/gdp/dataprotocol.h, GST_DP_HEADER_LENGTH. */
const HEADER_BYTES = 62;
const NONE = 0xffff_ffff_ffff_ffffn; // GST_CLOCK_TIME_NONE, GST_BUFFER_OFFSET_NONE

/** A buffer with what the addon does not hand over. Times in ns; null where GStreamer has none. */
export interface GdpBuffer {
  readonly kind: "buffer";
  readonly ptsNs: number | null;
  readonly durationNs: number | null;
  /** Number of the frame at its source, where the source counts (v4l2src: the driver's sequence number). */
  readonly offset: number | null;
  readonly payload: Uint8Array;
}

export type GdpPacket =
  | GdpBuffer
  | { readonly kind: "caps"; readonly caps: string }
  | { readonly kind: "event"; readonly type: number };

/**
 * Parses the packets that gdppay writes: version 1.0, big endian; payload type at 4 (1 buffer, 2 caps, from 64 events),
 * length at 6, PTS at 10, duration at 18, offset at 26. Payloads are views, not copies. Checksums are not verified: the
 * bytes never leave the process.
 * @throws CaptureError `bad-gdp` for another version, an unknown type or bytes missing at the end
 */
export function parseGdp(bytes: Uint8Array): GdpPacket[] {
  const packets: GdpPacket[] = [];
  let at = 0;
  while (at < bytes.length) {
    const left = bytes.length - at;
    if (left < HEADER_BYTES) throw bad(`${left} bytes where a header of ${HEADER_BYTES} should be`);
    const header = new DataView(bytes.buffer, bytes.byteOffset + at, HEADER_BYTES);
    if (header.getUint8(0) !== 1) throw bad(`version ${header.getUint8(0)}, 1 is expected`);
    const length = header.getUint32(6);
    if (left < HEADER_BYTES + length) throw bad(`${left - HEADER_BYTES} of ${length} payload bytes`);
    packets.push(packet(header, bytes.subarray(at + HEADER_BYTES, at + HEADER_BYTES + length)));
    at += HEADER_BYTES + length;
  }
  return packets;
}

function packet(header: DataView, payload: Uint8Array): GdpPacket {
  const type = header.getUint16(4);
  if (type === 1) {
    const ptsNs = u64(header, 10);
    return { kind: "buffer", ptsNs, durationNs: u64(header, 18), offset: u64(header, 26), payload };
  }
  if (type === 2) return { kind: "caps", caps: Buffer.from(payload).toString("utf8").replace(/\0$/, "") };
  if (type >= 64) return { kind: "event", type: type - 64 };
  throw bad(`payload type ${type}, expected 1, 2 or from 64`);
}

/** ns as a double is exact for 104 days of stream time, and to 1 µs for centuries. */
function u64(header: DataView, at: number): number | null {
  const value = header.getBigUint64(at);
  return value === NONE ? null : Number(value);
}

function bad(found: string): CaptureError {
  return new CaptureError(
    "bad-gdp",
    `The capture pipeline gave ${found}. Is gdppay the element before the appsink?`,
  );
}
