/** The four tables of Modbus (Application Protocol V1.1b3 §4.3). Bits are 0 or 1, registers 0 to 65535. */
export type ModbusTable = "coils" | "discrete-inputs" | "holding-registers" | "input-registers";
export type WritableTable = "coils" | "holding-registers";

/** Exception codes (Application Protocol V1.1b3 §7). */
export const EXCEPTIONS = {
  illegalFunction: 0x01,
  illegalAddress: 0x02,
  illegalValue: 0x03,
  /** No such unit behind the server. */
  noTarget: 0x0b,
} as const;
export type ModbusException = (typeof EXCEPTIONS)[keyof typeof EXCEPTIONS];

/** What answers behind one unit id. Calls return at once; a request is one call, so it sees and makes one moment. */
export interface ModbusUnit {
  /** `count` values from `address`; null: not all of them exist. */
  read(table: ModbusTable, address: number, count: number): readonly number[] | null;
  /**
   * Writes all values or none.
   * @param receivedAt when the request arrived, monotonic ms
   * @returns null, or why nothing was written
   */
  write(
    table: WritableTable,
    address: number,
    values: readonly number[],
    receivedAt: number,
  ): ModbusException | null;
}
