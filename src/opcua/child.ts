import { setPriority } from "node:os";
import { messageOf } from "../domain/errors.ts";
import { parentPort } from "../system/children.ts";
import type { FromServer, ToServer } from "./protocol.ts";
import type { VisionServer } from "./server.ts";

/** The data path goes first. */
const NICE = 10;
/** Clients are told that the server goes; those that do not listen keep nobody waiting. */
const STOP_TIMEOUT_MS = 1000;

/** What is imported only where the package is there. */
export interface ServerModule {
  readonly VisionServer: typeof VisionServer;
}

/**
 * The OPC UA process: a server, or words why there is none.
 * @param load imports the server, and with it the optional package; it may fail
 */
export function runOpcuaProcess(load: () => Promise<ServerModule>): void {
  setPriority(NICE);
  process.stdout.write = process.stderr.write.bind(process.stderr); // the library's notes; stdout is the station's
  let server: VisionServer | null = null;
  const send = parentPort<ToServer, FromServer>(
    (message) => {
      if (message.type === "start") {
        void start(message.settings);
        return;
      }
      server?.take(message);
      if (message.type !== "answer" && message.type !== "history") send({ type: "done" });
    },
    () => void stop(),
  );

  const stop = async (): Promise<void> => {
    setTimeout(() => process.exit(), STOP_TIMEOUT_MS).unref();
    await server?.stop().catch(() => undefined);
    process.exit();
  };

  const start = async (settings: (ToServer & { type: "start" })["settings"]): Promise<void> => {
    try {
      const { VisionServer } = await load();
      const starting = new VisionServer(settings, send);
      const urls = await starting.start();
      server = starting;
      send({ type: "listening", urls });
    } catch (error) {
      send(failure(error));
      process.exitCode = 1;
      process.disconnect(); // what was sent still arrives
    }
  };
}

function failure(error: unknown): FromServer {
  if (error instanceof Error && "code" in error && error.code === "ERR_MODULE_NOT_FOUND") {
    return {
      type: "failed",
      code: "not-installed",
      message:
        "The OPC UA server is enabled, but its optional package is not installed: " +
        `run "npm install --include=optional", or set opcua.enabled: false. (${messageOf(error)})`,
    };
  }
  return { type: "failed", code: "not-started", message: messageOf(error) };
}
