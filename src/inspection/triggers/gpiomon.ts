import { execFile } from "node:child_process";
import { promisify } from "node:util";
import type { TriggerConfig } from "../../config/trigger-schema.ts";

/** An input line of this machine, and which of its edges are parts. */
export type GpioInput = Extract<TriggerConfig, { kind: "gpio" }>;

/** What gpiomon 2 says once it has the line; gpiomon 1 says nothing. */
const BANNER = "Monitoring line";

/** One line of gpiomon's output. */
export type GpiomonWord =
  | { readonly kind: "watching" }
  /** @property atMs when the kernel saw it, on CLOCK_MONOTONIC (kernels before 5.7: wall time) */
  | { readonly kind: "edge"; readonly edge: GpioInput["edge"]; readonly atMs: number };

/** Arguments that make gpiomon tell the edges of one line, one a line of output, as `parseGpiomon` reads them. */
export function gpiomonArguments({ chip, line, edge, bias }: GpioInput, version: number): readonly string[] {
  if (version >= 2) {
    const how = ["--edges", edge, "--event-clock", "monotonic", "--banner", "--format", "%E %S"];
    const pull = bias === "as-is" ? [] : ["--bias", bias];
    return ["--chip", chip, "--consumer", "assayd", ...how, ...pull, String(line)];
  }
  const pull = bias === "disabled" ? "disable" : bias;
  const how = [`--${edge}-edge`, "--line-buffered", "--format=%e %s %n", `--bias=${pull}`];
  return [...how, chip, String(line)];
}

/** Reads what either version of gpiomon says; null for anything else. */
export function parseGpiomon(line: string): GpiomonWord | null {
  if (line.startsWith(BANNER)) return { kind: "watching" };
  const [, edge, seconds, rest] = /^(0|1|falling|rising) (\d{1,10})[ .](\d{1,9})$/.exec(line.trim()) ?? [];
  if (edge === undefined || seconds === undefined || rest === undefined) return null;
  return {
    kind: "edge",
    edge: edge === "1" || edge === "rising" ? "rising" : "falling",
    atMs: Number(seconds) * 1e3 + Number(rest) / 1e6, // both versions count nanoseconds behind the seconds
  };
}

/** Major version of the installed gpiomon. @throws Error if there is none */
export async function gpiomonVersion(): Promise<number> {
  const { stdout } = await promisify(execFile)("gpiomon", ["--version"], { timeout: 5000 });
  const major = /\bv?(\d+)\.\d+/.exec(stdout)?.[1];
  if (major === undefined) throw new Error(`gpiomon does not tell its version but "${stdout.slice(0, 80)}"`);
  return Number(major);
}
