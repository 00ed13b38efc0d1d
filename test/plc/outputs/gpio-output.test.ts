import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { GpioOutput, type GpioOptions } from "../../../src/plc/outputs/gpio-output.ts";
import { realClock } from "../../../src/plc/reject/precise-timer.ts";

const path = process.env.PATH ?? "";
const soon = { timeout: 15_000, interval: 5 };
let dir: string;
let outputs: GpioOutput[];

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "gpio-"));
  process.env.GPIO_DIR = dir;
  outputs = [];
});

afterEach(async () => {
  await Promise.all(outputs.map((output) => output.stop()));
  process.env.PATH = path;
  rmSync(dir, { recursive: true });
});

/** Puts a gpioset of ours before the machine's. */
function useGpioset(version: "v1" | "v2"): void {
  process.env.PATH = `${fileURLToPath(new URL(`gpioset-${version}`, import.meta.url))}:${path}`;
}

function createOutput(options: Partial<GpioOptions> = {}): GpioOutput {
  const output = new GpioOutput({
    chip: "gpiochip0",
    line: 17,
    activeLow: false,
    clock: realClock,
    onFault: () => undefined,
    ...options,
  });
  outputs.push(output);
  return output;
}

function log(): readonly string[] {
  const file = join(dir, "log");
  return existsSync(file) ? readFileSync(file, "utf8").trim().split("\n") : [];
}

/** What the line was set to, in order. */
function values(): readonly (string | undefined)[] {
  return log().map((line) => /17=([01])/.exec(line)?.[1]);
}

/** @throws while the file has no number yet: 0 would be our own process group */
function holder(): number {
  const text = readFileSync(join(dir, "held"), "utf8").trim();
  if (!/^[1-9]\d*$/.test(text)) throw new Error(`no holder: "${text}"`);
  return Number(text);
}

/** Whether a process holds the line now. */
function isHeld(): boolean {
  try {
    return process.kill(holder(), 0);
  } catch {
    return false;
  }
}

async function becomes(output: GpioOutput, energised: boolean | null): Promise<void> {
  await vi.waitFor(() => {
    expect(output.energised).toBe(energised);
  }, soon);
}

describe.each(["v1", "v2"] as const)("a GPIO line held by gpioset %s", (version) => {
  beforeEach(() => {
    useGpioset(version);
  });

  it("follows its orders, and is free when it is stopped", async () => {
    const output = createOutput();
    output.set(false);
    output.start();
    for (const energised of [false, true, false, true]) {
      output.set(energised);
      await becomes(output, energised);
      await vi.waitFor(() => {
        expect(values().at(-1)).toBe(energised ? "1" : "0");
        expect(isHeld()).toBe(true);
      }, soon);
    }
    expect(output.fault).toBeNull();
    expect(values().filter((value, index) => value !== values()[index - 1])).toEqual(["0", "1", "0", "1"]);
    await output.stop();
    await vi.waitFor(() => {
      expect(isHeld()).toBe(false);
    }, soon);
  });

  it("is active-low if the wiring is", async () => {
    const output = createOutput({ activeLow: true });
    output.set(true);
    output.start();
    await becomes(output, true);
    await vi.waitFor(() => {
      expect(log().find((line) => line.includes("gpiochip0"))).toContain("--active-low");
    }, soon);
  });

  it("is taken again, in its present state, when its holder is killed", async () => {
    const faults: unknown[] = [];
    const output = createOutput({ onFault: (fault) => faults.push(fault?.code ?? null) });
    output.set(true);
    output.start();
    await becomes(output, true);
    await vi.waitFor(() => {
      expect(isHeld()).toBe(true);
    }, soon);
    process.kill(holder(), "SIGKILL");
    await vi.waitFor(() => {
      expect(output.fault).toMatchObject({ code: "output-unreachable" });
    }, soon);
    await becomes(output, true);
    expect(faults).toEqual([null, "output-unreachable", null]);
  });

  it("is free after the station was killed", async () => {
    const entry = fileURLToPath(new URL("gpio-process.ts", import.meta.url));
    const child = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", entry], {
      stdio: "ignore",
    });
    await vi.waitFor(() => {
      expect(log().some((line) => line.endsWith("17=1"))).toBe(true);
      expect(isHeld()).toBe(true);
    }, soon);
    child.kill("SIGKILL");
    await vi.waitFor(() => {
      expect(isHeld()).toBe(false);
    }, soon);
  });
});

describe("a GPIO line", () => {
  it("is let go when gpioset hangs", async () => {
    useGpioset("v2");
    const output = createOutput();
    output.set(false);
    output.start();
    await becomes(output, false);
    writeFileSync(join(dir, "hang"), "");
    output.set(true);
    await vi.waitFor(() => {
      expect(output.fault).toMatchObject({ code: "output-hung" });
    }, soon);
    await vi.waitFor(() => {
      expect(isHeld()).toBe(false);
    }, soon);
    rmSync(join(dir, "hang"));
    await becomes(output, true);
    expect(output.fault).toBeNull();
  });

  it("that gpioset does not know is a fault with gpioset's words", async () => {
    useGpioset("v2");
    const output = createOutput({ line: 9 });
    output.set(true);
    output.start();
    await vi.waitFor(() => {
      expect(output.fault?.text).toContain("unknown line: '9'");
    }, soon);
  });

  it("cannot be had without gpioset, which is a fault", async () => {
    process.env.PATH = dir;
    const output = createOutput();
    output.set(true);
    output.start();
    await vi.waitFor(() => {
      expect(output.fault?.text).toContain("ENOENT");
    }, soon);
  });

  it("of a chip that this machine has not is refused by the machine's own gpioset", async () => {
    const output = createOutput({ chip: "no-such-chip" });
    output.set(true);
    output.start();
    await vi.waitFor(() => {
      expect(output.fault?.text).toMatch(/No such file|ENOENT|cannot find/);
    }, soon);
    expect(output.energised).toBeNull();
  });
});
