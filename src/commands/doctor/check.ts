import { execFile } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import type { Logger } from "pino";
import type { Config } from "../../config/schema.ts";
import { messageOf } from "../../domain/errors.ts";

/** What one check found. `failed`: the station will not work as configured; `warning`: it works, but look at it. */
export interface Finding {
  readonly status: "ok" | "warning" | "failed" | "skipped";
  readonly message: string;
  /** How to mend it; null where nothing is to do. */
  readonly remedy: string | null;
}

/** What the checks look at. */
export interface Patient {
  readonly config: Config;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Try a real frame of each camera. */
  readonly openCameras: boolean;
  readonly logger: Logger;
  readonly run: RunProgram;
}

/** One question about the machine; must end by itself within some seconds. */
export interface Check {
  readonly name: string;
  readonly find: () => Promise<Finding>;
}

export type Report = Finding & { readonly check: string; readonly durationMs: number };

export const ok = (message: string): Finding => ({ status: "ok", message, remedy: null });
export const skipped = (message: string): Finding => ({ status: "skipped", message, remedy: null });
export const warning = (message: string, remedy: string): Finding => ({ status: "warning", message, remedy });
export const failed = (message: string, remedy: string): Finding => ({ status: "failed", message, remedy });

/** The longest check loads TensorFlow from a slow disk; a TensorRT engine for the tiny model takes about as long. */
const CHECK_TIMEOUT_MS = 120_000;

/** Carries out one check; an unexpected error, or no answer in time, is its failure, not the doctor's. @param now monotonic ms */
export async function carryOut(
  check: Check,
  now: () => number,
  timeoutMs = CHECK_TIMEOUT_MS,
): Promise<Report> {
  const started = now();
  let finding: Finding;
  try {
    finding = await Promise.race([check.find(), tooLate(timeoutMs)]);
  } catch (error) {
    finding = failed(`the check itself failed: ${messageOf(error)}`, "report this as a fault of assayd");
  }
  return { check: check.name, ...finding, durationMs: Math.round(now() - started) };
}

async function tooLate(timeoutMs: number): Promise<Finding> {
  await sleep(timeoutMs, undefined, { ref: false });
  return failed(
    `no answer within ${timeoutMs / 1000} s`,
    "look at the machine's load and disk, then run the doctor again",
  );
}

/** How a program ended; `code` is null if it could not be started or took too long. */
export interface ProgramResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export type RunProgram = (
  program: string,
  args: readonly string[],
  timeoutMs: number,
) => Promise<ProgramResult>;

/** Runs a program to its end, or kills it at the time-out; never throws. */
export const runProgram: RunProgram = (program, args, timeoutMs) =>
  new Promise((resolve) => {
    execFile(program, [...args], { timeout: timeoutMs, killSignal: "SIGKILL" }, (error, stdout, stderr) => {
      const code = error === null ? 0 : typeof error.code === "number" ? error.code : null;
      resolve({ code, stdout, stderr: stderr === "" && error !== null ? error.message : stderr });
    });
  });
