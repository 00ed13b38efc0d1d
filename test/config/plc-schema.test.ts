import { expect, it } from "vitest";
import { plcSchema } from "../../src/config/plc-schema.ts";

it("is off and asks nothing by default", () => {
  expect(plcSchema.parse({}).modbus).toEqual({
    enabled: false,
    host: "127.0.0.1",
    port: 1502,
    allow: [],
    maxClients: 16,
    heartbeat: "off",
    heartbeatTimeoutMs: 1000,
    bufferDepth: 10,
    bypassKey: null,
  });
});

it.each(["10.0.0.1", "10.0.0.0/8", "fe80::1", "fd00::/8"])("lets %s be allowed", (entry) => {
  expect(plcSchema.safeParse({ modbus: { allow: [entry] } }).success).toBe(true);
});

it.each(["plc", "10.0.0.0/33", "10.0.0/8", "10.0.0.1/8/8", "10.0.0.1/", "fd00::/129", ""])(
  "refuses %j as an address",
  (entry) => {
    expect(plcSchema.safeParse({ modbus: { allow: [entry] } }).success).toBe(false);
  },
);

it("refuses a bypass key of 0: a register that was never written holds it", () => {
  expect(plcSchema.safeParse({ modbus: { bypassKey: 0 } }).success).toBe(false);
});
