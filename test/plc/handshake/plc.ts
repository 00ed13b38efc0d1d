import modbusSerial from "modbus-serial";
import {
  CONTROL_BITS,
  decodeBits,
  decodeNumber,
  encodeText,
  PLC_REGISTERS,
  STATION_REGISTER_COUNT,
  STATION_REGISTERS,
  STATUS_BITS,
  type ControlBit,
  type StationRegister,
  type StatusBit,
} from "../../../src/plc/register-map.ts";

export type Seen = Readonly<Record<StationRegister, number>> & {
  readonly bits: Readonly<Record<StatusBit, boolean>>;
};

/** A PLC: modbus-serial's client with the register map. */
export class Plc {
  readonly client = new modbusSerial.default();

  async connect(port: number, unit = 1): Promise<this> {
    await this.client.connectTCP("127.0.0.1", { port });
    this.client.setID(unit);
    this.client.setTimeout(5000);
    return this;
  }

  async see(): Promise<Seen> {
    const { data } = await this.client.readInputRegisters(0, STATION_REGISTER_COUNT);
    const values = Object.entries(STATION_REGISTERS).map(([name, register]) => [
      name,
      decodeNumber(data, register),
    ]);
    const numbers = Object.fromEntries(values) as Record<StationRegister, number>;
    return { ...numbers, bits: decodeBits(STATUS_BITS, numbers.status) };
  }

  async set(bit: ControlBit, on: boolean): Promise<void> {
    await this.client.writeCoil(CONTROL_BITS[bit], on);
  }

  async pulse(bit: ControlBit): Promise<void> {
    await this.set(bit, true);
    await this.set(bit, false);
  }

  async write(
    register: "triggerTag" | "recipeNumber" | "bypassKey" | "command",
    value: number,
  ): Promise<void> {
    await this.client.writeRegister(PLC_REGISTERS[register].address, value);
  }

  async writePartId(text: string): Promise<void> {
    const { partId } = PLC_REGISTERS;
    await this.client.writeRegisters(partId.address, [...encodeText(partId, text)]);
  }

  /** Tag, then the Trigger bit, as a PLC program does. */
  async trigger(tag: number): Promise<void> {
    await this.write("triggerTag", tag);
    await this.pulse("trigger");
  }

  /** Polls until `holds`. */
  async until(holds: (seen: Seen) => boolean): Promise<Seen> {
    for (;;) {
      const seen = await this.see();
      if (holds(seen)) return seen;
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
  }

  close(): void {
    this.client.close(() => undefined);
  }
}
