import {
  EXCEPTIONS,
  type ModbusException,
  type ModbusTable,
  type ModbusUnit,
} from "../../../src/plc/modbus/unit.ts";

/** Four tables of equal size; the register value 666 is illegal. */
export class MemoryUnit implements ModbusUnit {
  readonly tables: Record<ModbusTable, number[]>;
  reads = 0;

  constructor(size = 32) {
    const table = (): number[] => new Array<number>(size).fill(0);
    this.tables = {
      coils: table(),
      "discrete-inputs": table(),
      "holding-registers": table(),
      "input-registers": table(),
    };
  }

  read(table: ModbusTable, address: number, count: number): readonly number[] | null {
    this.reads += 1;
    const values = this.tables[table];
    return address + count > values.length ? null : values.slice(address, address + count);
  }

  write(table: ModbusTable, address: number, values: readonly number[]): ModbusException | null {
    const all = this.tables[table];
    if (address + values.length > all.length) return EXCEPTIONS.illegalAddress;
    if (table === "holding-registers" && values.includes(666)) return EXCEPTIONS.illegalValue;
    all.splice(address, values.length, ...values);
    return null;
  }
}
