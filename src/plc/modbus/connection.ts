import type { Socket } from "node:net";
import { encodeFrame, takeFrame, type ModbusFrame } from "./frame.ts";

/** One client: cuts what it sends into requests, and reads no further while requests or answers wait. */
export class ModbusConnection {
  readonly #socket: Socket;
  #received: Buffer = Buffer.alloc(0);
  #isChoked = false;
  #heardAt: number;

  /**
   * @param onRequests called when there is something to `take`
   * @param now monotonic ms
   */
  constructor(socket: Socket, onRequests: () => void, now: () => number) {
    this.#socket = socket;
    this.#heardAt = now();
    socket.setNoDelay(true);
    socket.setKeepAlive(true, 10_000);
    socket.on("data", (chunk: Buffer) => {
      this.#heardAt = now();
      this.#received = this.#received.length === 0 ? chunk : Buffer.concat([this.#received, chunk]);
      socket.pause();
      onRequests();
    });
    socket.on("drain", () => {
      this.#isChoked = false;
      onRequests();
    });
  }

  get address(): string {
    return this.#socket.remoteAddress ?? "";
  }

  /** When it last sent something, monotonic ms. */
  get heardAt(): number {
    return this.#heardAt;
  }

  /** The next request; null: there is none now, and more is read from the network. */
  take(): ModbusFrame | null {
    if (this.#isChoked || this.#socket.destroyed) return null;
    const taken = takeFrame(this.#received);
    if (taken === "broken") {
      this.#socket.destroy();
      return null;
    }
    if (taken === null) {
      this.#socket.resume();
      return null;
    }
    this.#received = this.#received.subarray(taken.bytes);
    return taken.frame;
  }

  /** A client that does not fetch its answers is not served until it does. */
  answer(frame: ModbusFrame): void {
    this.#isChoked = !this.#socket.write(encodeFrame(frame));
  }

  close(): void {
    this.#socket.destroy();
  }
}
