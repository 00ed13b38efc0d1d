import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { emptyFolder, trainedState } from "../e2e/quick-state.ts";
import { Plant } from "../e2e/test-station.ts";
import { until } from "../messaging/plant.ts";
import { Daemon, daemonConfig } from "./daemon.ts";
import { EjectorPlc } from "./ejector-plc.ts";

const LISTENER = join(import.meta.dirname, "notify-socket.py");
const LANE = join(import.meta.dirname, "..", "..", "src", "inspection", "lane.ts");
const WATCHDOG_S = 5;
/** No verdict for stall time-out, deadline and 2 s is no progress. */
const LINE = {
  source: { kind: "simulated", fps: 10, defectShare: 0 },
  stallTimeoutMs: 1000,
  deadlineMs: 1000,
} as const;

/** What systemd would have heard, with the time of each message. */
class Supervisor {
  readonly heard: { readonly line: string; readonly at: number }[] = [];
  readonly socket: string;

  private constructor(socket: string) {
    this.socket = socket;
  }

  static async listening(): Promise<Supervisor> {
    const supervisor = new Supervisor(join(await emptyFolder(), "notify"));
    const listener = spawn("python3", [LISTENER, supervisor.socket], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    onTestFinished(() => {
      listener.kill("SIGKILL");
    });
    let rest = "";
    listener.stdout.on("data", (chunk: Buffer) => {
      const lines = (rest + chunk.toString()).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) supervisor.heard.push({ line, at: performance.now() });
    });
    await Promise.race([once(listener.stdout, "data"), once(listener, "exit")]);
    return supervisor;
  }

  get env(): Readonly<Record<string, string>> {
    return { NOTIFY_SOCKET: this.socket, WATCHDOG_USEC: String(WATCHDOG_S * 1e6) };
  }

  count(line: string): number {
    return this.heard.filter((message) => message.line === line).length;
  }

  /** Since the newest ping, ms. */
  get silentMs(): number {
    return performance.now() - (this.heard.findLast(({ line }) => line === "WATCHDOG=1")?.at ?? 0);
  }
}

/** Runs code inside a running daemon, by Node's own inspector: the fault is in the real process. Returns at once. */
async function inside(daemon: Daemon, code: string): Promise<void> {
  daemon.process.kill("SIGUSR1"); // starts the inspector (nodejs.org/api/process.html#signal-events)
  const address = /Debugger listening on (ws:\S+)/;
  await until("the inspector", () => address.test(daemon.stderr), 20_000);
  const socket = new WebSocket(address.exec(daemon.stderr)?.[1] ?? "");
  onTestFinished(() => {
    socket.close();
  });
  await new Promise((resolve) => {
    socket.addEventListener("open", resolve);
  });
  socket.send(JSON.stringify({ id: 1, method: "Runtime.evaluate", params: { expression: code } }));
}

interface Supervised {
  readonly supervisor: Supervisor;
  readonly plc: EjectorPlc;
  readonly file: string;
  readonly daemon: Daemon;
  readonly plant: Plant;
}

describe.skipIf(!hasPython())("systemd's watchdog (promises.md R15; needs python3)", () => {
  /** A daemon that passes parts, and is fed. */
  async function supervised(): Promise<Supervised> {
    const supervisor = await Supervisor.listening();
    const plc = await EjectorPlc.start();
    const { file, brokerUrl } = await daemonConfig(await trainedState(), { ...LINE, reject: plc.reject });
    const daemon = new Daemon(file, { ...supervisor.env, NODE_OPTIONS: "--inspect-port=127.0.0.1:0" });
    await until("ready", () => supervisor.count("READY=1") === 1, 60_000);
    const plant = await Plant.at(brokerUrl);
    await plant.ask("threshold.set", { reject: 1000 });
    await until("parts pass", () => plc.passing, 60_000);
    await until("it is fed", () => supervisor.count("WATCHDOG=1") >= 3, 30_000);
    return { supervisor, plc, file, daemon, plant };
  }

  /** As systemd does it: no ping for WatchdogSec is the end. The ejector rejects long before. */
  async function expectRestart({ supervisor, plc, file, daemon, plant }: Supervised): Promise<void> {
    await until("the watchdog has had enough", () => supervisor.silentMs > WATCHDOG_S * 1000, 60_000);
    expect(plc.passing).toBe(false);
    expect(performance.now() - plc.changes.at(-1)!.at).toBeGreaterThan(1000);
    await daemon.end("SIGKILL");
    const next = new Daemon(file, supervisor.env);
    await until("ready again", () => supervisor.count("READY=1") === 2, 60_000);
    await plant.more(5, ({ reason }) => reason === "score");
    const fed = supervisor.count("WATCHDOG=1");
    await until("fed again", () => supervisor.count("WATCHDOG=1") > fed, 30_000);
    expect(await next.end("SIGTERM")).toBe(0);
    expect(supervisor.count("STOPPING=1")).toBe(1);
  }

  it("is not fed by a main loop that hangs, and a restart inspects again", async () => {
    const all = await supervised();
    await inside(all.daemon, "while (true) {}");
    await expectRestart(all);
  }, 180_000);

  it("is not fed by a station that lives but judges nothing, and a restart inspects again", async () => {
    const all = await supervised();
    const requireHere = `process.getBuiltinModule("module").createRequire(${JSON.stringify(LANE)})`;
    const hang = `${requireHere}("./lane.ts").Lane.prototype.trigger = () => new Promise(() => {})`;
    await inside(all.daemon, hang);
    await expectRestart(all);
    expect(all.daemon.stderr).toContain("no progress: systemd's watchdog is not fed");
  }, 180_000);

  it("is fed by a station that waits for triggers: nothing to do is no fault", async () => {
    const supervisor = await Supervisor.listening();
    const { file } = await daemonConfig(await trainedState(), { ...LINE, trigger: { kind: "command" } });
    const daemon = new Daemon(file, supervisor.env);
    await until("ready", () => supervisor.count("READY=1") === 1, 60_000);
    const fed = supervisor.count("WATCHDOG=1");
    await until("fed for longer than its patience", () => supervisor.count("WATCHDOG=1") >= fed + 5, 60_000);
    expect(await daemon.end("SIGTERM")).toBe(0);
  }, 180_000);
});

function hasPython(): boolean {
  try {
    execFileSync("python3", ["-c", "import socket"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}
