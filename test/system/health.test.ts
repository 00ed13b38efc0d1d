import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { MachineHealthReader } from "../../src/system/health.ts";

function machine(files: Readonly<Record<string, string>>) {
  const root = mkdtempSync(join(tmpdir(), "assayd-machine-"));
  const write = (more: Readonly<Record<string, string>>): void => {
    for (const [path, text] of Object.entries(more)) {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      writeFileSync(join(root, path), text);
    }
  };
  write(files);
  return { write, reader: new MachineHealthReader({ root, stateDir: root }) };
}

const stat = (user: number, idle: number, iowait: number): string =>
  `cpu  ${user} 0 0 ${idle} ${iowait} 0 0 0 0 0\ncpu0 1 2 3 4 5 6 7 8 9 10\n`;

describe("MachineHealthReader", () => {
  it("gives null for everything that cannot be read, but the free space", async () => {
    const { reader } = machine({});
    const health = await reader.read();
    expect(health).toMatchObject({ cpu: null, gpu: null, temperatureC: null, throttled: null });
    expect(health.diskFreeBytes).toBeGreaterThan(0);
  });

  it("tells the processors' load between two readings; waiting for the disk is no load", async () => {
    const { reader, write } = machine({ "proc/stat": stat(100, 100, 0) });
    expect((await reader.read()).cpu).toBeNull();
    write({ "proc/stat": stat(130, 150, 20) });
    expect((await reader.read()).cpu).toBeCloseTo(0.3, 12);
    expect((await reader.read()).cpu).toBeNull(); // no time has passed
  });

  it("reads a Jetson's GPU load in thousandths, its hottest zone and its throttling", async () => {
    const zones = "sys/class/thermal";
    const { reader } = machine({
      "sys/devices/platform/gpu.0/load": "553\n",
      [`${zones}/thermal_zone0/type`]: "cpu-thermal\n",
      [`${zones}/thermal_zone0/temp`]: "61500\n",
      [`${zones}/thermal_zone1/type`]: "gpu-thermal\n",
      [`${zones}/thermal_zone1/temp`]: "64250\n",
      [`${zones}/thermal_zone2/type`]: "battery\n",
      [`${zones}/thermal_zone2/temp`]: "90000\n",
      [`${zones}/thermal_zone3/type`]: "cv0-thermal\n",
      [`${zones}/thermal_zone3/temp`]: "-256000\n",
      [`${zones}/cooling_device0/type`]: "pwm-fan\n",
      [`${zones}/cooling_device0/cur_state`]: "3\n",
      [`${zones}/cooling_device1/type`]: "cpu-throttle-alert\n",
      [`${zones}/cooling_device1/cur_state`]: "0\n",
    });
    expect(await reader.read()).toMatchObject({ gpu: 0.553, temperatureC: 64.25, throttled: false });
  });

  it("says that the machine is throttled when a slowing device works", async () => {
    const { reader } = machine({
      "sys/class/thermal/cooling_device0/type": "Processor\n",
      "sys/class/thermal/cooling_device0/cur_state": "2\n",
    });
    expect((await reader.read()).throttled).toBe(true);
  });

  it("survives nonsense in the kernel's files", async () => {
    const { reader } = machine({
      "proc/stat": "cpu x y z\n",
      "sys/devices/gpu.0/load": "N/A\n",
      "sys/class/thermal/thermal_zone0/type": "cpu\n",
      "sys/class/thermal/thermal_zone0/temp": "\n",
    });
    expect(await reader.read()).toMatchObject({ cpu: null, gpu: null, temperatureC: null });
  });

  it("reads this machine", async () => {
    const reader = new MachineHealthReader({ root: "/", stateDir: tmpdir() });
    await reader.read();
    const { cpu } = await reader.read();
    expect(cpu === null || (cpu >= 0 && cpu <= 1)).toBe(true);
  });
});
