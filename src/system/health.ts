import { readdir, readFile, statfs } from "node:fs/promises";
import { join } from "node:path";

/** How the machine is; null where it cannot be read (a container, another kind of board). */
export interface MachineHealth {
  /** Share of all cores that worked since the last reading, 0..1; null at the first one. */
  readonly cpu: number | null;
  /** Share, 0..1. */
  readonly gpu: number | null;
  /** Of the hottest sensor of processor and graphics, degrees Celsius. */
  readonly temperatureC: number | null;
  /** The machine runs slower than it could because it is too hot. */
  readonly throttled: boolean | null;
  /** Free for the station's user. */
  readonly diskFreeBytes: number | null;
}

export interface MachineHealthOptions {
  /** Where /proc and /sys are below; "/" but in tests. */
  readonly root: string;
  /** Its file system's free space counts. */
  readonly stateDir: string;
}

/** Load of Tegra's GPU in thousandths, by kernel (L4T 32 and 35, 36; developer guide "Power and performance"). */
const GPU_LOADS = [
  "sys/devices/gpu.0/load",
  "sys/devices/platform/gpu.0/load",
  "sys/devices/platform/bus@0/17000000.gpu/load",
  "sys/devices/platform/17000000.gpu/load",
  "sys/devices/platform/17000000.ga10b/load",
];
/** Zones of what computes; others (battery, wifi, charger) say nothing about our speed. */
const HOT_ZONES = /cpu|gpu|soc|tj|pkg|core|cv|ao|thermal/i;
/** Cooling devices that slow the processor down; fans do not. */
const SLOWING = /processor|cpufreq|cpu.*(alert|throttle)|gpu.*(alert|throttle)|devfreq|soctherm/i;

/** Reads the machine's health from the kernel's files; keeps the last processor times to tell the load between two readings. */
export class MachineHealthReader {
  readonly #options: MachineHealthOptions;
  #last: CpuTimes | null = null;

  constructor(options: MachineHealthOptions) {
    this.#options = options;
  }

  /** Never throws. */
  async read(): Promise<MachineHealth> {
    const { root, stateDir } = this.#options;
    const [times, gpu, temperatureC, throttled, diskFreeBytes] = await Promise.all([
      readCpuTimes(root),
      readGpu(root),
      readTemperature(root),
      readThrottled(root),
      readFree(stateDir),
    ]);
    const cpu = this.#last && times && loadBetween(this.#last, times);
    this.#last = times;
    return { cpu, gpu, temperatureC, throttled, diskFreeBytes };
  }
}

interface CpuTimes {
  readonly busy: number;
  readonly total: number;
}

/** First line of /proc/stat, in ticks: user nice system idle iowait irq softirq steal (proc(5)). */
async function readCpuTimes(root: string): Promise<CpuTimes | null> {
  const line = (await textOf(join(root, "proc/stat")))?.split("\n")[0] ?? "";
  const ticks = /^cpu\s+([\d\s]+)$/.exec(line)?.[1]?.trim().split(/\s+/).slice(0, 8).map(Number);
  if (ticks === undefined || ticks.length < 4) return null;
  const total = ticks.reduce((sum, tick) => sum + tick, 0);
  const idle = (ticks[3] ?? 0) + (ticks[4] ?? 0);
  return { busy: total - idle, total };
}

function loadBetween(before: CpuTimes, now: CpuTimes): number | null {
  const total = now.total - before.total;
  return total > 0 ? Math.min(1, Math.max(0, (now.busy - before.busy) / total)) : null;
}

async function readGpu(root: string): Promise<number | null> {
  for (const path of GPU_LOADS) {
    const load = await numberOf(join(root, path));
    if (load !== null) return Math.min(1, Math.max(0, load / 1000));
  }
  return null;
}

/** /sys/class/thermal/thermal_zone*: `type` in words, `temp` in thousandths of a degree (sysfs-class-thermal). */
async function readTemperature(root: string): Promise<number | null> {
  const temperatures: number[] = [];
  for (const folder of await thermal(root, "thermal_zone")) {
    const type = await textOf(join(folder, "type"));
    const milli = await numberOf(join(folder, "temp")); // a Jetson's zone of a part that is off gives an error
    if (milli === null || !HOT_ZONES.test(type ?? "")) continue;
    const celsius = milli / 1000;
    if (celsius > -40 && celsius < 150) temperatures.push(celsius);
  }
  return temperatures.length === 0 ? null : Math.max(...temperatures);
}

async function readThrottled(root: string): Promise<boolean | null> {
  const states: number[] = [];
  for (const folder of await thermal(root, "cooling_device")) {
    const state = await numberOf(join(folder, "cur_state"));
    if (state !== null && SLOWING.test((await textOf(join(folder, "type"))) ?? "")) states.push(state);
  }
  return states.length === 0 ? null : states.some((state) => state > 0);
}

async function readFree(folder: string): Promise<number | null> {
  try {
    const { bavail, bsize } = await statfs(folder);
    return bavail * bsize;
  } catch {
    return null;
  }
}

async function thermal(root: string, kind: "thermal_zone" | "cooling_device"): Promise<string[]> {
  const folder = join(root, "sys/class/thermal");
  const names = await readdir(folder).catch(() => []);
  return names.filter((name) => name.startsWith(kind)).map((name) => join(folder, name));
}

async function numberOf(path: string): Promise<number | null> {
  const text = (await textOf(path))?.trim() ?? "";
  return /^-?\d+$/.test(text) ? Number(text) : null;
}

/** Null if it is not there or cannot be read. */
async function textOf(path: string): Promise<string | null> {
  try {
    return await readFile(path, "utf8");
  } catch {
    return null;
  }
}
