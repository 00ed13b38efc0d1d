/** A GDP 1.0 packet as gdppay writes it, for tests. */
export function gdpPacket(type: number, payload: Uint8Array): Buffer {
  const header = Buffer.alloc(62);
  header.writeUInt8(1, 0);
  header.writeUInt16BE(type, 4);
  header.writeUInt32BE(payload.length, 6);
  return Buffer.concat([header, payload]);
}

/** A GDP buffer packet, for tests. */
export function gdpBuffer(buffer: {
  ptsNs: bigint;
  durationNs: bigint;
  offset: bigint;
  payload: Uint8Array;
}): Buffer {
  const packet = gdpPacket(1, buffer.payload);
  packet.writeBigUInt64BE(buffer.ptsNs, 10);
  packet.writeBigUInt64BE(buffer.durationNs, 18);
  packet.writeBigUInt64BE(buffer.offset, 26);
  return packet;
}
