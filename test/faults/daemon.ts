import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { writeConfig } from "../e2e/run-assayd.ts";
import { isAlive } from "../e2e/test-station.ts";
import { freePort } from "../messaging/mosquitto.ts";
import { until } from "../messaging/plant.ts";

const COMMAND = join(import.meta.dirname, "..", "..", "scripts", "assayd");
const UP_MS = 60_000;

/** `assayd run` as a process of its own, as systemd starts it; killed with the test if it still runs. */
export class Daemon {
  readonly process: ChildProcess;
  stderr = "";

  constructor(configFile: string, env: Readonly<Record<string, string>> = {}) {
    const child = spawn(COMMAND, ["run", "--config", configFile], {
      stdio: ["ignore", "ignore", "pipe"],
      env: { ...process.env, ...env },
    });
    child.stderr.on("data", (chunk: Buffer) => (this.stderr += chunk.toString()));
    this.process = child;
    onTestFinished(() => {
      child.kill("SIGKILL");
    });
  }

  get pid(): number {
    return this.process.pid ?? 0;
  }

  get running(): boolean {
    return this.process.exitCode === null && this.process.signalCode === null;
  }

  /** Its capture, inference and training processes. */
  get children(): readonly number[] {
    return childrenOf(this.pid);
  }

  /** Resolves when links, cameras and models have been started. @throws Error with its log if it ends before */
  async up(): Promise<void> {
    await until("the station is up", () => this.stderr.includes("station is up") || !this.running, UP_MS);
    if (!this.running) throw new Error(`assayd ended with ${this.process.exitCode}: ${this.stderr}`);
  }

  /** Sends a signal and waits for the end. @returns its exit code; null after a signal that it did not catch */
  async end(signal: NodeJS.Signals): Promise<number | null> {
    const ended = this.running ? once(this.process, "exit") : null;
    this.process.kill(signal);
    await ended;
    return this.process.exitCode;
  }

  /** kill -9, as the out-of-memory killer does it; returns when its children are gone too. */
  async die(): Promise<void> {
    const { children } = this;
    await this.end("SIGKILL");
    await until("its children have ended", () => !children.some(isAlive), 20_000);
  }
}

/** Direct children of a process (proc(5)); none if it is gone. */
function childrenOf(pid: number): readonly number[] {
  try {
    const text = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8");
    return text.trim().split(" ").filter(Boolean).map(Number);
  } catch {
    return [];
  }
}

/** The configuration of a station with an embedded broker, the same one at each start. */
export async function daemonConfig(
  stateDir: string,
  camera: object,
  changes: Readonly<Record<string, unknown>> = {},
): Promise<{ readonly file: string; readonly brokerUrl: string }> {
  const port = await freePort();
  const file = writeConfig(stateDir, {
    cameras: [camera],
    inference: { providers: ["cpu"], threads: 1 },
    broker: { kind: "embedded", host: "127.0.0.1", port },
    ...changes,
  });
  return { file, brokerUrl: `mqtt://127.0.0.1:${port}` };
}
