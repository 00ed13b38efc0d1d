/**
 * A UUID version 7 (RFC 9562 §5.7): 48 bits of time, then random bits, so that ids sort by the time they were made.
 * @param nowMs epoch ms, 0 to 2^48 − 1
 * @param random 10 random bytes; the caller brings them (`crypto.randomBytes(10)`)
 * @throws RangeError if the time or the number of bytes does not fit
 */
export function uuid7(nowMs: number, random: Uint8Array): string {
  const time = Math.floor(nowMs);
  if (!(time >= 0 && time < 2 ** 48)) throw new RangeError(`uuid7 needs epoch ms below 2^48, got ${nowMs}`);
  if (random.length < 10) throw new RangeError(`uuid7 needs 10 random bytes, got ${random.length}`);
  const bytes = Buffer.alloc(16);
  bytes.writeUIntBE(time, 0, 6);
  bytes.set(random.subarray(0, 10), 6);
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x70, 6); // version 7
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8); // variant 10
  const hex = bytes.toString("hex");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}
