import { execFile, spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { pino } from "pino";
import { afterEach, describe, expect, test, vi } from "vitest";
import { connectSystemd, watchdogInterval } from "../../src/system/systemd.ts";

const logger = pino({ enabled: false });

/** Node has no AF_UNIX datagrams: this prints each state as one JSON line, and is what systemd is to the daemon. */
const NOTIFY_SERVER = `
import json, socket, sys
server = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
server.bind(sys.argv[1])
print("listening", flush=True)
while True:
    print(json.dumps(server.recv(4096).decode()), flush=True)
`;

/** A process with the real sd-notify: it is ready, says what it does, and stops after 500 ms. */
const NOTIFIER = `
import { connectSystemd } from ${JSON.stringify(new URL("../../src/system/systemd.ts", import.meta.url).href)};
import { pino } from "pino";
const started = performance.now();
const systemd = connectSystemd({ env: process.env, pid: process.pid, progress: () => performance.now() - started < 250, logger: pino(process.stderr) });
systemd.extendTimeout(1500);
systemd.status("golden test\\nruns");
systemd.ready();
setTimeout(() => { systemd.stopping(); }, 500);
`;

describe("with a real notify socket", () => {
  const folder = mkdtempSync(join(tmpdir(), "assayd-notify-"));
  let server: ChildProcess | null = null;
  afterEach(() => {
    server?.kill("SIGKILL");
    rmSync(folder, { recursive: true, force: true });
  });

  test("says ready, status, progress and stopping; feeds the watchdog only while there is progress", async () => {
    const socket = join(folder, "notify");
    server = spawn("python3", ["-c", NOTIFY_SERVER, socket], { stdio: ["ignore", "pipe", "inherit"] });
    let output = "";
    server.stdout?.on("data", (chunk: Buffer) => (output += chunk.toString()));
    await vi.waitFor(() => {
      expect(output).toContain("listening");
    }, 5000);
    const { stderr } = await promisify(execFile)(process.execPath, ["--input-type=module", "-e", NOTIFIER], {
      cwd: new URL("../..", import.meta.url),
      env: { ...process.env, NOTIFY_SOCKET: socket, WATCHDOG_USEC: "150000", NODE_OPTIONS: "" },
    });
    await vi.waitFor(() => {
      expect(output).toContain("STOPPING=1");
    }, 5000);
    server.kill("SIGKILL");
    await once(server, "exit");
    const states = output
      .trim()
      .split("\n")
      .slice(1)
      .map((line) => JSON.parse(line) as string);
    expect(states.slice(0, 4)).toEqual([
      "EXTEND_TIMEOUT_USEC=1500000",
      "STATUS=golden test runs",
      "READY=1",
      "WATCHDOG=1",
    ]);
    const pings = states.filter((state) => state === "WATCHDOG=1").length;
    expect(pings).toBeGreaterThanOrEqual(2); // one in 50 ms, for 250 of the 500 ms
    expect(pings).toBeLessThanOrEqual(6);
    expect(states.at(-1)).toBe("STOPPING=1");
    expect(stderr.match(/no progress/g)).toHaveLength(1);
  });
});

test("without a socket nothing is sent", () => {
  const sent: string[] = [];
  const systemd = connectSystemd({
    env: {},
    pid: 1,
    progress: () => true,
    logger,
    send: (state) => sent.push(state),
  });
  systemd.ready();
  systemd.stopping();
  expect(systemd.active).toBe(false);
  expect(sent).toEqual([]);
});

test("without a watchdog of systemd's no ping is sent", () => {
  const sent: string[] = [];
  const systemd = connectSystemd({
    env: { NOTIFY_SOCKET: "/run/x" },
    pid: 1,
    progress: () => true,
    logger,
    send: (state) => sent.push(state),
  });
  systemd.ready();
  systemd.stopping();
  expect(sent).toEqual(["READY=1", "STOPPING=1"]);
});

test("the watchdog is fed three times a period, and only by the process it is meant for", () => {
  expect(watchdogInterval({ WATCHDOG_USEC: "9000000" }, 7)).toBe(3000);
  expect(watchdogInterval({ WATCHDOG_USEC: "9000000", WATCHDOG_PID: "7" }, 7)).toBe(3000);
  expect(watchdogInterval({ WATCHDOG_USEC: "9000000", WATCHDOG_PID: "8" }, 7)).toBeNull();
  expect(watchdogInterval({ WATCHDOG_USEC: "nonsense" }, 7)).toBeNull();
  expect(watchdogInterval({}, 7)).toBeNull();
});
