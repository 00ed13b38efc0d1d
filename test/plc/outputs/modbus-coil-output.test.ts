import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { afterEach, describe, expect, it, vi } from "vitest";
import { ModbusCoilOutput, type ModbusCoilOptions } from "../../../src/plc/outputs/modbus-coil-output.ts";
import type { OutputFault } from "../../../src/plc/outputs/reject-output.ts";
import { realClock } from "../../../src/plc/reject/precise-timer.ts";
import { PlcCoils, SilentPlc } from "./plc-coils.ts";

const COIL = 7;
const BEAT = 20;

const stops: (() => unknown)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).toReversed()) await stop();
});

async function startPlc(port?: number): Promise<PlcCoils> {
  const plc = await PlcCoils.start(port);
  stops.push(() => plc.stop());
  return plc;
}

function createOutput(port: number, options: Partial<ModbusCoilOptions> = {}) {
  const faults: (OutputFault | null)[] = [];
  const output = new ModbusCoilOutput({
    host: "127.0.0.1",
    port,
    unit: 3,
    coil: COIL,
    timeoutMs: 200,
    heartbeat: null,
    clock: realClock,
    onFault: (fault) => faults.push(fault),
    ...options,
  });
  stops.push(() => output.stop());
  return { output, faults };
}

const soon = { timeout: 15_000, interval: 5 };

describe("a Modbus coil", () => {
  it("is written in order, each change once", async () => {
    const plc = await startPlc();
    const { output, faults } = createOutput(plc.port);
    output.set(false);
    output.start();
    for (const energised of [true, false, true]) {
      await vi.waitFor(() => {
        expect(output.energised).toBe(!energised);
      }, soon);
      output.set(energised);
    }
    await vi.waitFor(() => {
      expect(output.energised).toBe(true);
    }, soon);
    const states = plc.coils(COIL);
    expect(states.filter((state, index) => state !== states[index - 1])).toEqual([false, true, false, true]);
    expect(plc.written[0]).toMatchObject({ unit: 3 });
    expect(faults).toEqual([null]);
    expect(output.overtaken).toBe(0);
  });

  it("is not there yet, which is a fault, until it is", async () => {
    const plc = await startPlc();
    const { port } = plc;
    await plc.stop();
    stops.pop();
    const { output } = createOutput(port);
    output.set(true);
    output.start();
    await vi.waitFor(() => {
      expect(output.fault?.text).toContain("ECONNREFUSED");
    }, soon);
    expect(output.energised).toBeNull();
    const back = await startPlc(port);
    await vi.waitFor(() => {
      expect(output.fault).toBeNull();
    }, soon);
    expect(back.coils(COIL)).toContain(true);
  });

  it("gets its present state, not its past, when the connection comes back", async () => {
    const plc = await startPlc();
    const { port } = plc;
    const { output, faults } = createOutput(port);
    output.set(true);
    output.start();
    await vi.waitFor(() => {
      expect(output.energised).toBe(true);
    }, soon);
    await plc.stop();
    stops.shift();
    await vi.waitFor(() => {
      expect(output.fault).toMatchObject({ code: "output-unreachable" });
    }, soon);
    for (const energised of [false, true, false]) output.set(energised);
    const back = await startPlc(port);
    await vi.waitFor(() => {
      expect(output.energised).toBe(false);
    }, soon);
    expect(new Set(back.coils(COIL))).toEqual(new Set([false]));
    expect(faults.at(-1)).toBeNull();
  });

  it("that the PLC refuses is a fault with the PLC's words", async () => {
    const plc = await startPlc();
    const { output } = createOutput(plc.port, { coil: 5000 });
    output.set(true);
    output.start();
    await vi.waitFor(() => {
      expect(output.fault).toMatchObject({ code: "output-refused" });
    }, soon);
    expect(output.fault?.text).toContain("coil 5000");
  });

  it("that is never confirmed is a fault, and the connection is made anew", async () => {
    const plc = new SilentPlc();
    const port = await plc.start();
    stops.push(() => {
      plc.stop();
    });
    const { output } = createOutput(port, { timeoutMs: 50 });
    output.set(true);
    output.start();
    await vi.waitFor(() => {
      expect(output.fault).toMatchObject({ code: "output-hung" });
      expect(plc.sockets.length).toBeGreaterThan(1);
    }, soon);
    expect(output.energised).toBeNull();
  });

  it.each(["register", "coil"] as const)(
    "is written beside a beat (%s) that changes each time",
    async (kind) => {
      const plc = await startPlc();
      const { output } = createOutput(plc.port, { heartbeat: { kind, address: BEAT, everyMs: 20 } });
      output.set(true);
      output.start();
      const beats = (): readonly (boolean | number)[] =>
        kind === "coil" ? plc.coils(BEAT) : plc.registers(BEAT);
      await vi.waitFor(() => {
        expect(beats().length).toBeGreaterThan(5);
      }, soon);
      expect(beats().every((beat, index) => index === 0 || beat !== beats()[index - 1])).toBe(true);
      expect(plc.coils(COIL)).toContain(true);
    },
  );

  it("has its last state when it is stopped, and no connection stays", async () => {
    const plc = await startPlc();
    const { output } = createOutput(plc.port);
    output.set(true);
    output.start();
    await vi.waitFor(() => {
      expect(output.energised).toBe(true);
    }, soon);
    output.set(false);
    await output.stop();
    expect(plc.coils(COIL).at(-1)).toBe(false);
  });

  it("stops at once when there is no PLC", async () => {
    const { output } = createOutput(1);
    output.set(true);
    output.start();
    await output.stop();
    expect(output.energised).toBeNull();
  });

  it("falls silent with its process, so that the PLC can fall safe", async () => {
    const plc = await startPlc();
    const entry = fileURLToPath(new URL("coil-process.ts", import.meta.url));
    const child = spawn(
      process.execPath,
      ["--disable-warning=ExperimentalWarning", entry, String(plc.port)],
      { stdio: "ignore" },
    );
    stops.push(() => child.kill("SIGKILL"));
    await vi.waitFor(() => {
      expect(plc.registers(BEAT).length).toBeGreaterThan(3);
      expect(plc.coils(COIL)).toContain(true);
    }, soon);
    const exited = new Promise((resolve) => child.once("exit", resolve));
    child.kill("SIGKILL");
    await exited;
    await new Promise((resolve) => setTimeout(resolve, 50)); // what was on its way
    const before = plc.written.length;
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(plc.written.length).toBe(before);
  });
});
