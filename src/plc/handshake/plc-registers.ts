import {
  COMMANDS,
  CONTROL_BITS,
  decodeBits,
  decodeNumber,
  decodeText,
  PLC_REGISTER_COUNT,
  PLC_REGISTERS,
} from "../register-map.ts";
import type { PlcImage } from "./handshake.ts";

/** What the holding registers say. */
export function plcImage(registers: readonly number[]): PlcImage {
  return {
    control: decodeBits(CONTROL_BITS, decodeNumber(registers, PLC_REGISTERS.control)),
    triggerTag: decodeNumber(registers, PLC_REGISTERS.triggerTag),
    recipeNumber: decodeNumber(registers, PLC_REGISTERS.recipeNumber),
    bypassKey: decodeNumber(registers, PLC_REGISTERS.bypassKey),
    command: decodeNumber(registers, PLC_REGISTERS.command),
    partId: decodeText(registers, PLC_REGISTERS.partId).trim() || null,
  };
}

/** Whether a PLC may write this word there: commands that do not exist and unprintable part ids are refused. */
export function isLegalWord(address: number, word: number): boolean {
  if (address === PLC_REGISTERS.command.address) return Object.values<number>(COMMANDS).includes(word);
  if (address < PLC_REGISTERS.partId.address || address >= PLC_REGISTER_COUNT) return true;
  return [word >> 8, word & 0xff].every((byte) => byte === 0 || (byte >= 0x20 && byte < 0x7f));
}
