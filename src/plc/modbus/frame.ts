/** One request or response on TCP: MBAP header (Messaging on TCP/IP Implementation Guide V1.0b §3.1.3) and PDU. */
export interface ModbusFrame {
  readonly transaction: number;
  readonly unit: number;
  readonly pdu: Buffer;
}

const HEADER_BYTES = 7;
/** Unit id and PDU: a PDU has at most 253 bytes (Application Protocol V1.1b3 §4.1). */
const MAX_LENGTH = 254;

/**
 * The first frame of what was received, and how many bytes it took.
 * @returns null: more must be received; `broken`: this is not Modbus, nothing after it can be understood
 */
export function takeFrame(received: Buffer): { frame: ModbusFrame; bytes: number } | "broken" | null {
  if (received.length < HEADER_BYTES) return null;
  const length = received.readUInt16BE(4);
  if (received.readUInt16BE(2) !== 0 || length < 2 || length > MAX_LENGTH) return "broken";
  const bytes = HEADER_BYTES - 1 + length;
  if (received.length < bytes) return null;
  const frame = {
    transaction: received.readUInt16BE(0),
    unit: received.readUInt8(6),
    pdu: received.subarray(HEADER_BYTES, bytes),
  };
  return { frame, bytes };
}

export function encodeFrame(frame: ModbusFrame): Buffer {
  const header = Buffer.alloc(HEADER_BYTES);
  header.writeUInt16BE(frame.transaction, 0);
  header.writeUInt16BE(frame.pdu.length + 1, 4);
  header.writeUInt8(frame.unit, 6);
  return Buffer.concat([header, frame.pdu]);
}
