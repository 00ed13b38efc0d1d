import { once } from "node:events";
import { createServer, type Server, type Socket } from "node:net";
import type { AddressInfo } from "node:net";

const FRAME_MS = 33;

/** A camera of ours on the network: raw RGB pictures of 64 × 64 with noise, 30 a second, to who connects. It can be unplugged. */
export class NetworkCamera implements AsyncDisposable {
  readonly #sockets = new Set<Socket>();
  #server: Server | null = null;
  #port = 0;
  #timer: NodeJS.Timeout | null = null;
  #seed = 1;
  /** `still`: the same picture again and again; `silent`: connected, but no picture. */
  mode: "live" | "still" | "silent" = "live";
  #picture: Buffer = Buffer.alloc(0);

  /** Listens, always at the same port. */
  async plug(): Promise<void> {
    const server = createServer((socket) => {
      this.#sockets.add(socket);
      socket.on("error", () => undefined);
      socket.on("close", () => this.#sockets.delete(socket));
    });
    server.listen(this.#port, "127.0.0.1");
    await once(server, "listening");
    this.#server = server;
    this.#port = (server.address() as AddressInfo).port;
    this.#timer = setInterval(() => {
      this.#send();
    }, FRAME_MS);
  }

  /** Nobody listens any more. */
  unplug(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#server?.close();
    for (const socket of this.#sockets) socket.destroy();
  }

  /** Configuration of a camera that looks at it. */
  get source(): Record<string, unknown> {
    const parse = "rawvideoparse format=rgb width=64 height=64 framerate=30/1";
    return { kind: "pipeline", launch: `tcpclientsrc host=127.0.0.1 port=${this.#port} ! ${parse}` };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.unplug();
    await Promise.resolve();
  }

  #send(): void {
    if (this.mode === "silent") return;
    if (this.mode === "live" || this.#picture.length === 0) this.#picture = this.#noise();
    for (const socket of this.#sockets) socket.write(this.#picture);
  }

  #noise(): Buffer {
    const picture = Buffer.alloc(64 * 64 * 3);
    for (let i = 0; i < picture.length; i++) {
      this.#seed = (Math.imul(this.#seed, 1664525) + 1013904223) >>> 0;
      picture[i] = 60 + (this.#seed >>> 25);
    }
    return picture;
  }
}
