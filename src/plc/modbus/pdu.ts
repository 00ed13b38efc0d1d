import {
  EXCEPTIONS,
  type ModbusException,
  type ModbusTable,
  type ModbusUnit,
  type WritableTable,
} from "./unit.ts";

type Answer = Buffer | ModbusException;

/**
 * The response PDU to a request PDU (function code and data). Functions 1 to 6, 15, 16, 22 and 23 of the Application Protocol
 * V1.1b3 §6, which also gives the limits of the quantities.
 * @param receivedAt monotonic ms
 */
export function answerPdu(request: Buffer, unit: ModbusUnit | null, receivedAt: number): Buffer {
  const answer = unit === null ? EXCEPTIONS.noTarget : answerOf(request, unit, receivedAt);
  if (typeof answer !== "number") return answer;
  return Buffer.from([request.readUInt8(0) | 0x80, answer]);
}

function answerOf(request: Buffer, unit: ModbusUnit, receivedAt: number): Answer {
  switch (request.readUInt8(0)) {
    case 1:
      return readBits(request, unit, "coils");
    case 2:
      return readBits(request, unit, "discrete-inputs");
    case 3:
      return readRegisters(request, unit, "holding-registers");
    case 4:
      return readRegisters(request, unit, "input-registers");
    case 5:
      return writeOne(request, unit, "coils", receivedAt);
    case 6:
      return writeOne(request, unit, "holding-registers", receivedAt);
    case 15:
      return writeBits(request, unit, receivedAt);
    case 16:
      return writeRegisters(request, unit, receivedAt);
    case 22:
      return maskRegister(request, unit, receivedAt);
    case 23:
      return writeAndRead(request, unit, receivedAt);
    default:
      return EXCEPTIONS.illegalFunction;
  }
}

function readBits(request: Buffer, unit: ModbusUnit, table: ModbusTable): Answer {
  if (request.length !== 5) return EXCEPTIONS.illegalValue;
  const count = request.readUInt16BE(3);
  if (count < 1 || count > 2000) return EXCEPTIONS.illegalValue;
  const bits = unit.read(table, request.readUInt16BE(1), count);
  if (bits === null) return EXCEPTIONS.illegalAddress;
  const answer = Buffer.alloc(2 + Math.ceil(count / 8));
  answer.writeUInt8(request.readUInt8(0), 0);
  answer.writeUInt8(answer.length - 2, 1);
  for (const [index, bit] of bits.entries()) {
    const at = 2 + (index >> 3);
    answer.writeUInt8(answer.readUInt8(at) | (bit << (index & 7)), at);
  }
  return answer;
}

function readRegisters(request: Buffer, unit: ModbusUnit, table: ModbusTable): Answer {
  if (request.length !== 5) return EXCEPTIONS.illegalValue;
  return registersAnswer(request.readUInt8(0), unit, table, request.subarray(1));
}

/** @param span start address and quantity, two bytes each */
function registersAnswer(code: number, unit: ModbusUnit, table: ModbusTable, span: Buffer): Answer {
  const count = span.readUInt16BE(2);
  if (count < 1 || count > 125) return EXCEPTIONS.illegalValue;
  const values = unit.read(table, span.readUInt16BE(0), count);
  if (values === null) return EXCEPTIONS.illegalAddress;
  const answer = Buffer.alloc(2 + 2 * count);
  answer.writeUInt8(code, 0);
  answer.writeUInt8(2 * count, 1);
  for (const [index, value] of values.entries()) answer.writeUInt16BE(value, 2 + 2 * index);
  return answer;
}

function writeOne(request: Buffer, unit: ModbusUnit, table: WritableTable, receivedAt: number): Answer {
  if (request.length !== 5) return EXCEPTIONS.illegalValue;
  const word = request.readUInt16BE(3);
  // §6.5: FF00 is on, 0000 is off, all else is illegal.
  if (table === "coils" && word !== 0xff00 && word !== 0) return EXCEPTIONS.illegalValue;
  const value = table === "coils" ? Math.sign(word) : word;
  return unit.write(table, request.readUInt16BE(1), [value], receivedAt) ?? request;
}

function writeBits(request: Buffer, unit: ModbusUnit, receivedAt: number): Answer {
  if (request.length < 7) return EXCEPTIONS.illegalValue;
  const count = request.readUInt16BE(3);
  const bytes = Math.ceil(count / 8);
  if (count < 1 || count > 1968 || request.readUInt8(5) !== bytes || request.length !== 6 + bytes) {
    return EXCEPTIONS.illegalValue;
  }
  const bits = Array.from(
    { length: count },
    (_, index) => (request.readUInt8(6 + (index >> 3)) >> (index & 7)) & 1,
  );
  return unit.write("coils", request.readUInt16BE(1), bits, receivedAt) ?? request.subarray(0, 5);
}

function writeRegisters(request: Buffer, unit: ModbusUnit, receivedAt: number): Answer {
  if (request.length < 8) return EXCEPTIONS.illegalValue;
  const values = writtenRegisters(request.subarray(3), 123);
  if (values === null) return EXCEPTIONS.illegalValue;
  const problem = unit.write("holding-registers", request.readUInt16BE(1), values, receivedAt);
  return problem ?? request.subarray(0, 5);
}

/** The values of `quantity, byte count, values`; null: the three do not agree. */
function writtenRegisters(data: Buffer, most: number): readonly number[] | null {
  const count = data.readUInt16BE(0);
  if (count < 1 || count > most || data.readUInt8(2) !== 2 * count || data.length !== 3 + 2 * count)
    return null;
  return Array.from({ length: count }, (_, index) => data.readUInt16BE(3 + 2 * index));
}

function maskRegister(request: Buffer, unit: ModbusUnit, receivedAt: number): Answer {
  if (request.length !== 7) return EXCEPTIONS.illegalValue;
  const address = request.readUInt16BE(1);
  const present = unit.read("holding-registers", address, 1)?.[0];
  if (present === undefined) return EXCEPTIONS.illegalAddress;
  const and = request.readUInt16BE(3);
  const value = (present & and) | (request.readUInt16BE(5) & ~and & 0xffff); // §6.16
  return unit.write("holding-registers", address, [value], receivedAt) ?? request;
}

/** §6.17: the write comes before the read. */
function writeAndRead(request: Buffer, unit: ModbusUnit, receivedAt: number): Answer {
  if (request.length < 12) return EXCEPTIONS.illegalValue;
  const values = writtenRegisters(request.subarray(7), 121);
  const count = request.readUInt16BE(3);
  if (values === null || count < 1 || count > 125) return EXCEPTIONS.illegalValue;
  const address = request.readUInt16BE(1);
  if (unit.read("holding-registers", address, count) === null) return EXCEPTIONS.illegalAddress;
  const problem = unit.write("holding-registers", request.readUInt16BE(5), values, receivedAt);
  return problem ?? registersAnswer(23, unit, "holding-registers", request.subarray(1, 5));
}
