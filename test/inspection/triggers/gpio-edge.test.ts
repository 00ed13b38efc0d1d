import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import {
  closeSync,
  existsSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { SYSTEM_TIMERS } from "../../../src/inspection/triggers/filter.ts";
import { GpioEdge, type GpioEdgeOptions } from "../../../src/inspection/triggers/gpio-edge.ts";
import type { TriggerEdge } from "../../../src/inspection/triggers/trigger-source.ts";
import { isAlive } from "../capture/camera-fixture.ts";

const path = process.env.PATH ?? "";
const soon = { timeout: 15_000, interval: 5 };
const input = { kind: "gpio", chip: "gpiochip0", line: 17, edge: "rising", bias: "pull-up" } as const;
let dir: string;
let wire: number;
let sources: GpioEdge[];

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "gpio-"));
  process.env.GPIO_DIR = dir;
  execFileSync("mkfifo", [join(dir, "edges")]);
  wire = openSync(join(dir, "edges"), "r+");
  sources = [];
});

afterEach(async () => {
  await Promise.all(sources.map((source) => source.stop()));
  closeSync(wire);
  process.env.PATH = path;
  rmSync(dir, { recursive: true });
});

/** Puts a gpiomon of ours before the machine's. */
function useGpiomon(version: "v1" | "v2"): void {
  process.env.PATH = `${fileURLToPath(new URL(`gpiomon-${version}`, import.meta.url))}:${path}`;
}

function watch(options: Partial<GpioEdgeOptions> = {}) {
  const edges: TriggerEdge[] = [];
  const faults: (string | null)[] = [];
  const source: GpioEdge = new GpioEdge({
    input,
    timers: SYSTEM_TIMERS,
    onFault: () => faults.push(source.fault?.text ?? null),
    ...options,
  });
  sources.push(source);
  source.start((edge) => edges.push(edge));
  return { source, edges, faults };
}

async function held(): Promise<number> {
  return vi.waitFor(() => {
    const text = readFileSync(join(dir, "held"), "utf8").trim();
    expect(text).toMatch(/^\d+$/); // the file is there before its text
    return Number(text);
  }, soon);
}

describe("an edge on an input line", { timeout: 30_000 }, () => {
  test.each([
    ["v1", "1 100 250000000\n", "0 101 0\n", /--rising-edge .*--bias=pull-up gpiochip0 17/],
    ["v2", "rising 100.250000000\n", "falling 101.000000000\n", /--chip gpiochip0 .*--edges rising .* 17/],
  ] as const)("is a part at the kernel's time (libgpiod %s)", async (version, rising, falling, words) => {
    useGpiomon(version);
    const { source, edges } = watch({
      kernelMs: () => 100_300,
      timers: { ...SYSTEM_TIMERS, now: () => 5000 },
    });
    await vi.waitFor(() => {
      expect(source.fault).toBeNull();
    }, soon);
    writeSync(wire, `nonsense\n${falling}${rising}${rising}`);
    await vi.waitFor(() => {
      expect(edges).toEqual([{ at: 4950 }, { at: 4950 }]);
    }, soon);
    expect(readFileSync(join(dir, "log"), "utf8")).toMatch(words);
  });

  test("with a time stamp of another clock happens when it arrives", async () => {
    useGpiomon("v1");
    const { edges } = watch({ kernelMs: () => 100_000, timers: { ...SYSTEM_TIMERS, now: () => 5000 } });
    writeSync(wire, "1 1700000000 5\n1 3 0\n");
    await vi.waitFor(() => {
      expect(edges).toEqual([{ at: 5000 }, { at: 5000 }]);
    }, soon);
  });

  test("is seen again after gpiomon was killed; until then there is a fault", async () => {
    useGpiomon("v2");
    const { source, edges, faults } = watch();
    await vi.waitFor(() => {
      expect(source.fault).toBeNull();
    }, soon);
    const first = await held();
    process.kill(first, "SIGKILL");
    await vi.waitFor(() => {
      expect(faults).toEqual([null, expect.stringContaining("gpiomon ended with SIGKILL"), null]);
    }, soon);
    expect(await held()).not.toBe(first);
    writeSync(wire, "rising 1.000000000\n");
    await vi.waitFor(() => {
      expect(edges).toHaveLength(1);
    }, soon);
  });

  test.each(["v1", "v2"] as const)(
    "says why the line cannot be had, and takes it once it is free (%s)",
    async (version) => {
      useGpiomon(version);
      writeFileSync(join(dir, "refuse"), "");
      const { source } = watch();
      expect(source.fault).toMatchObject({ code: "trigger-gpio" });
      await vi.waitFor(() => {
        expect(source.fault?.text).toContain("Device or resource busy");
      }, soon);
      rmSync(join(dir, "refuse"));
      await vi.waitFor(() => {
        expect(source.fault).toBeNull();
      }, soon);
    },
  );

  test("is refused where there is no chip, in the words of the installed gpiomon", async () => {
    const { source } = watch({ input: { ...input, chip: "gpiochip99" } });
    await vi.waitFor(() => {
      expect(source.fault?.text).toMatch(/line 17 of gpiochip99 cannot be seen: gpiomon: .*No such/);
    }, soon);
  });

  test("that comes hundreds of times a second is a loose wire, not parts", async () => {
    useGpiomon("v2");
    const { source, edges, faults } = watch({ timers: { ...SYSTEM_TIMERS, now: () => 5000 } });
    await vi.waitFor(() => {
      expect(source.fault).toBeNull();
    }, soon);
    for (let i = 0; i < 100; i++) writeSync(wire, "rising 1.000000000\n".repeat(30));
    await vi.waitFor(() => {
      expect(faults).toContainEqual(expect.stringContaining("is a wire loose?"));
    }, soon);
    expect(edges).toHaveLength(500);
  });

  test("is nothing after stop, and the line is free", async () => {
    useGpiomon("v1");
    const { source, edges } = watch();
    const pid = await held();
    await source.stop();
    writeSync(wire, "1 1 0\n");
    expect(isAlive(pid)).toBe(false);
    expect(edges).toEqual([]);
  });

  test("leaves the line free when the station is killed", async () => {
    useGpiomon("v2");
    const script = fileURLToPath(new URL("gpio-edge-process.ts", import.meta.url));
    const station = spawn(process.execPath, [script], { stdio: "ignore" });
    const pid = await vi.waitFor(async () => {
      expect(existsSync(join(dir, "held"))).toBe(true);
      const written = await held();
      expect(isAlive(written)).toBe(true);
      return written;
    }, soon);
    station.kill("SIGKILL");
    await once(station, "exit");
    await vi.waitFor(() => {
      expect(isAlive(pid)).toBe(false);
    }, soon);
  });
});
