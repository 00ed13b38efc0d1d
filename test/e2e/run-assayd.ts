import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { QUICK_SIZE, QUICK_TRAINING } from "./quick-training.ts";

const COMMAND = join(import.meta.dirname, "..", "..", "scripts", "assayd");

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A running `assayd`, killed with the test if it still runs. */
export class RunningAssayd {
  readonly process: ChildProcess;
  stdout = "";
  stderr = "";

  constructor(args: readonly string[]) {
    const child = spawn(COMMAND, args, { stdio: ["ignore", "pipe", "pipe"] });
    child.stdout.on("data", (chunk: Buffer) => (this.stdout += chunk.toString()));
    child.stderr.on("data", (chunk: Buffer) => (this.stderr += chunk.toString()));
    this.process = child;
    onTestFinished(() => {
      child.kill("SIGKILL");
    });
  }

  async ended(): Promise<Ended> {
    const { process: child } = this;
    if (child.exitCode === null && child.signalCode === null) await once(child, "close");
    return { code: child.exitCode, stdout: this.stdout, stderr: this.stderr };
  }
}

/** Runs `assayd` to its end. */
export async function assayd(...args: readonly string[]): Promise<Ended> {
  return new RunningAssayd(args).ended();
}

/** The JSON object on the last line of stdout (`--json`). */
export function lastLine({ stdout }: Ended): Record<string, unknown> {
  return JSON.parse(stdout.trimEnd().split("\n").at(-1) ?? "") as Record<string, unknown>;
}

/** Writes a configuration for quick training and a small model into the state folder. @returns the file */
export function writeConfig(stateDir: string, changes: Readonly<Record<string, unknown>> = {}): string {
  const file = join(stateDir, "assayd.yaml");
  const config = {
    station: { name: "st1", stateDir, inputSize: QUICK_SIZE },
    training: QUICK_TRAINING,
    http: { enabled: false },
    ...changes,
  };
  writeFileSync(file, JSON.stringify(config, null, 2)); // JSON is YAML
  return file;
}
