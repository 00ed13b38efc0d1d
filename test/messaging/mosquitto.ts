import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect, createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

const PROGRAM = ["/usr/sbin/mosquitto", "/usr/bin/mosquitto"].find((path) => existsSync(path)) ?? null;

/** False where the package mosquitto is not installed: its tests are skipped. */
export const hasMosquitto = PROGRAM !== null;

/** A real mosquitto on loopback, in its own folder, ended by its pid. */
export class Mosquitto {
  readonly folder = mkdtempSync(join(tmpdir(), "assayd-mosquitto-"));
  readonly port: number;
  #process: ChildProcess | null = null;

  private constructor(port: number) {
    this.port = port;
  }

  /** @param settings lines of mosquitto.conf; `listener` is added before them */
  static async start(
    settings: (folder: string) => readonly string[] = () => ["allow_anonymous true"],
  ): Promise<Mosquitto> {
    const broker = new Mosquitto(await freePort());
    const lines = [`listener ${broker.port} 127.0.0.1`, ...settings(broker.folder)];
    writeFileSync(join(broker.folder, "mosquitto.conf"), `${lines.join("\n")}\n`);
    await broker.restart();
    return broker;
  }

  get url(): string {
    return `mqtt://127.0.0.1:${this.port}`;
  }

  async restart(): Promise<void> {
    const child = spawn(PROGRAM ?? "mosquitto", ["-c", join(this.folder, "mosquitto.conf")], {
      stdio: "ignore",
    });
    this.#process = child;
    const deadline = performance.now() + 5000;
    while (!(await listens(this.port))) {
      if (performance.now() > deadline || child.exitCode !== null)
        throw new Error("mosquitto does not listen");
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  /** As a power cut would. */
  async kill(): Promise<void> {
    const child = this.#process;
    if (child === null) return;
    this.#process = null;
    const exited = once(child, "exit");
    child.kill("SIGKILL");
    await exited;
  }

  async stop(): Promise<void> {
    await this.kill();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.on("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.on("error", () => {
      resolve(false);
    });
  });
}
