import { once } from "node:events";
import { createServer, type AddressInfo, type Socket } from "node:net";
import { onTestFinished } from "vitest";
import type { CameraSource } from "../../src/config/schema.ts";

const WIDTH = 160;
const HEIGHT = 120;
const FPS = 20;

/** `noise`: a textured picture whose noise never repeats, as of a real sensor; `short`: three quarters of one. */
export type Shows = "noise" | "frozen" | "black" | "white" | "flat" | "silence" | "short";

/** A camera on a cable that a test holds: raw RGB over TCP, which the station's own GStreamer pipeline reads. */
export class TestCamera {
  shows: Shows = "noise";
  readonly #server = createServer((socket) => {
    if (!this.#plugged) socket.destroy();
    else this.#sockets.add(socket);
    socket.on("error", () => undefined);
    socket.on("close", () => this.#sockets.delete(socket));
  });
  readonly #sockets = new Set<Socket>();
  readonly #still = picture("noise");
  #plugged = true;

  /** Ended with the test. */
  static async start(): Promise<TestCamera> {
    const camera = new TestCamera();
    camera.#server.listen(0, "127.0.0.1");
    await once(camera.#server, "listening");
    const timer = setInterval(() => {
      camera.#send();
    }, 1000 / FPS);
    onTestFinished(() => {
      clearInterval(timer);
      camera.unplug();
      camera.#server.close();
    });
    return camera;
  }

  /** `source` of a camera that reads it. */
  get source(): Extract<CameraSource, { kind: "pipeline" }> {
    const { port } = this.#server.address() as AddressInfo;
    const caps = `format=rgb width=${WIDTH} height=${HEIGHT} framerate=${FPS}/1`;
    return { kind: "pipeline", launch: `tcpclientsrc host=127.0.0.1 port=${port} ! rawvideoparse ${caps}` };
  }

  unplug(): void {
    this.#plugged = false;
    for (const socket of this.#sockets) socket.destroy();
  }

  plug(): void {
    this.#plugged = true;
  }

  #send(): void {
    if (this.shows === "silence") return;
    const bytes = this.shows === "frozen" ? this.#still : picture(this.shows);
    for (const socket of this.#sockets) socket.write(bytes);
  }
}

/** Brightness and noise of pictures that show nothing. */
const BLANK = { black: [2, 4], white: [249, 4], flat: [128, 2] } as const;

function picture(shows: Exclude<Shows, "frozen" | "silence">): Buffer {
  const bytes = Buffer.alloc(WIDTH * HEIGHT * 3);
  const isBlank = shows in BLANK;
  const [dark, noise] = isBlank ? BLANK[shows as keyof typeof BLANK] : [64, 8];
  for (let index = 0; index < bytes.length; index += 1) {
    const stripe = isBlank ? 0 : (Math.floor(index / 60) % 8) * 16;
    bytes[index] = dark + stripe + Math.random() * noise;
  }
  return shows === "short" ? bytes.subarray(0, bytes.length * 0.75) : bytes;
}
