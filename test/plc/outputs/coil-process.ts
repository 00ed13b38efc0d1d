import { ModbusCoilOutput } from "../../../src/plc/outputs/modbus-coil-output.ts";
import { realClock } from "../../../src/plc/reject/precise-timer.ts";

/** A process that holds a coil energised until it is killed: `coil-process.ts PORT`. */
const output = new ModbusCoilOutput({
  host: "127.0.0.1",
  port: Number(process.argv[2]),
  unit: 1,
  coil: 7,
  timeoutMs: 200,
  heartbeat: { kind: "register", address: 20, everyMs: 100 },
  clock: realClock,
  onFault: () => undefined,
});
output.set(true);
output.start();
