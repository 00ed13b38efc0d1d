import { connect, type Socket } from "node:net";
import modbusSerial from "modbus-serial";
import { messageOf } from "../../domain/errors.ts";
import type { Clock } from "../reject/precise-timer.ts";
import type { OutputFault } from "./reject-output.ts";

const { default: ModbusRTU } = modbusSerial; // its types describe an ES module, it is a CommonJS one

export interface ModbusLinkOptions {
  readonly host: string;
  readonly port: number;
  readonly unit: number;
  /** No answer for this long, ms: the other side hangs. */
  readonly timeoutMs: number;
  readonly clock: Clock;
  readonly onOpen: () => void;
  /** Once, whatever the reason; nothing follows. */
  readonly onClosed: (fault: OutputFault) => void;
}

/** How long a connection may take; a switched-off PLC does not answer at all. */
const CONNECT_MS = 1000;

/** One Modbus TCP connection. It ends at its first failure; who owns it makes a new one. */
export class ModbusLink {
  readonly #options: ModbusLinkOptions;
  readonly #socket: Socket;
  readonly #client = new ModbusRTU();
  readonly #cancelConnect: () => void;
  #open = false;
  #closed = false;

  constructor(options: ModbusLinkOptions) {
    this.#options = options;
    const { host, port, clock } = options;
    this.#client.setTimeout(options.timeoutMs);
    this.#client.setID(options.unit);
    this.#client.on("error", () => undefined); // the socket tells
    this.#socket = connect({ host, port, noDelay: true, keepAlive: true });
    this.#socket.once("connect", () => {
      this.#link();
    });
    this.#socket.on("error", (error) => {
      this.#fail("output-unreachable", messageOf(error));
    });
    this.#socket.once("close", () => {
      this.#fail("output-unreachable", "the connection was closed");
    });
    this.#cancelConnect = clock.after(CONNECT_MS, () => {
      this.#fail("output-unreachable", `no connection within ${CONNECT_MS} ms`);
    });
  }

  /** @param done when the other side has confirmed it */
  writeCoil(address: number, value: boolean, done: () => void): void {
    this.#write(`coil ${address}`, this.#client.writeCoil(address, value), done);
  }

  /** @param done when the other side has confirmed it */
  writeRegister(address: number, value: number, done: () => void): void {
    this.#write(`register ${address}`, this.#client.writeRegister(address, value), done);
  }

  /** The other side does not answer. */
  giveUp(): void {
    this.#fail("output-hung", `no answer within ${this.#options.timeoutMs} ms`);
  }

  /** Ends the connection without a fault. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#cancelConnect();
    this.#socket.destroySoon();
  }

  #link(): void {
    if (this.#closed) return;
    this.#cancelConnect();
    this.#client.linkTCP(this.#socket, { port: this.#options.port }, () => {
      if (this.#open) return;
      this.#open = true;
      this.#options.onOpen();
    });
  }

  #write(what: string, answer: Promise<unknown>, done: () => void): void {
    answer.then(
      () => {
        if (!this.#closed) done();
      },
      (error: unknown) => {
        const refusal = error instanceof Error && "modbusCode" in error;
        if (refusal) this.#fail("output-refused", `it refuses ${what}: ${error.message}`);
        else this.giveUp();
      },
    );
  }

  #fail(code: OutputFault["code"], reason: string): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#cancelConnect();
    this.#socket.destroy(); // what was not sent yet is thrown away: an old order must not arrive late
    const { host, port, unit } = this.#options;
    this.#options.onClosed({
      code,
      text: `The reject output at modbus://${host}:${port} unit ${unit} does not obey: ${reason}. Check reject.host, port, unit and addresses, the cable and the PLC.`,
    });
  }
}
