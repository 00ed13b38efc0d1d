import { configSchema, type Config } from "../../config/schema.ts";

export interface LineConfigOptions {
  readonly stateDir: string;
  readonly inputSize: number;
  readonly product: string | undefined;
  readonly brokerPort: number;
  /** The station's Modbus server, and the PLC's own for the outputs. */
  readonly plcPort: number;
  readonly coilsPort: number;
}

const LINE_CAMERAS = 2;
/** What `simulate plc` expects of a station without a configuration file. */
const TRACK = { kind: "time", distanceMs: 600, leadMs: 15, pulseMs: 20 } as const;
const FIRST_HEARTBEAT = 100;

/** A station with two simulated cameras, triggered by a PLC, that switches its ejector. */
export function lineConfig(options: LineConfigOptions): Config {
  const { stateDir, inputSize, product, brokerPort, plcPort, coilsPort } = options;
  return configSchema.parse({
    station: { name: "demo", stateDir, inputSize },
    cameras: Array.from({ length: LINE_CAMERAS }, (_, index) => ({
      name: `cam${index + 1}`,
      source: { kind: "simulated", pace: "demand", product, seed: index + 1 },
      trigger: { kind: "plc" },
      reject: {
        kind: "modbus",
        host: "127.0.0.1",
        port: coilsPort,
        coil: index,
        heartbeat: { kind: "register", address: FIRST_HEARTBEAT + index },
        track: TRACK,
      },
    })),
    broker: { kind: "embedded", port: brokerPort },
    plc: { modbus: { enabled: true, port: plcPort, bufferDepth: 20 } },
  });
}
