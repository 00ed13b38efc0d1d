import { spawn } from "node:child_process";
import { InputError } from "../../domain/errors.ts";
import type { LineRun } from "../../plc/simulator/line-table.ts";

const ENTRY = new URL("../../main.ts", import.meta.url);

/** What `simulate plc --json` says. */
export interface PlcReport {
  readonly passed: boolean;
  readonly runs: readonly LineRun[];
}

/**
 * Runs `assayd simulate plc` in a process of its own, as a real PLC would be; its totals and table go to our stderr.
 * @param args without `--json` @throws InputError if it cannot run
 */
export async function simulatePlc(args: readonly string[], signal: AbortSignal): Promise<PlcReport> {
  const child = spawn(
    process.execPath,
    [...process.execArgv, ENTRY.pathname, "simulate", "plc", ...args, "--json"],
    {
      stdio: ["ignore", "pipe", "inherit"],
    },
  );
  const onAbort = (): void => {
    child.kill("SIGTERM");
  };
  signal.addEventListener("abort", onAbort, { once: true });
  if (signal.aborted) onAbort();
  let said = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    said += text;
  });
  await new Promise((resolve) => child.once("close", resolve));
  signal.removeEventListener("abort", onAbort);
  const last = said.trimEnd().split("\n").at(-1) ?? "";
  if (last.startsWith("{")) return JSON.parse(last) as PlcReport;
  throw new InputError("line-plc", "The simulated PLC ended without a result; its reason is above.");
}
