import { Backoff } from "../../system/children.ts";
import type { Clock } from "../reject/precise-timer.ts";
import { ModbusLink } from "./modbus-link.ts";
import { NewestOrder } from "./newest-order.ts";
import type { OutputEvents, OutputFault, RejectOutput } from "./reject-output.ts";

export interface ModbusCoilOptions extends OutputEvents {
  readonly host: string;
  readonly port: number;
  readonly unit: number;
  /** Counted from 0. */
  readonly coil: number;
  readonly timeoutMs: number;
  /** Changes with every beat, so that the PLC sees that we live. */
  readonly heartbeat: {
    readonly kind: "register" | "coil";
    readonly address: number;
    readonly everyMs: number;
  } | null;
  readonly clock: Clock;
}

const FIRST_RETRY_MS = 100;
const LONGEST_RETRY_MS = 2000;
/** The coil is written anew this often: the PLC may have been restarted behind a gateway. */
const REFRESH_MS = 1000;
const LAST_WORD_MS = 500;
const BEATS = 65_536;
/**
 * Orders that are written before the first is answered; TCP keeps their order. An answer may take 40 ms where a beat is under way
 * beside the order (Nagle's algorithm there, delayed acknowledgement here): measured, an order that waited for it was 25 ms late.
 */
const OPEN_TRANSACTIONS = 4;

/** A coil of a PLC or of remote I/O. */
export class ModbusCoilOutput implements RejectOutput {
  readonly #options: ModbusCoilOptions;
  readonly #orders: NewestOrder;
  readonly #backoff = new Backoff(FIRST_RETRY_MS, LONGEST_RETRY_MS);
  readonly #timers = new Map<"retry" | "refresh" | "beat", () => void>();
  #link: ModbusLink | null = null;
  #fault: OutputFault | null;
  #beat = 0;
  #beatUnderWay = false;

  constructor(options: ModbusCoilOptions) {
    this.#options = options;
    const { host, port, timeoutMs, clock } = options;
    this.#fault = {
      code: "output-unreachable",
      text: `The reject output at modbus://${host}:${port} was not reached yet.`,
    };
    this.#orders = new NewestOrder({
      carryOut: (energised) => {
        this.#link?.writeCoil(options.coil, energised, () => {
          this.#confirmed();
        });
      },
      depth: OPEN_TRANSACTIONS,
      timeoutMs,
      onTimeout: () => this.#link?.giveUp(),
      clock,
    });
  }

  get energised(): boolean | null {
    return this.#orders.known;
  }

  get fault(): OutputFault | null {
    return this.#fault;
  }

  get overtaken(): number {
    return this.#orders.overtaken;
  }

  start(): void {
    this.#connect();
  }

  set(energised: boolean): void {
    this.#orders.want(energised);
  }

  async stop(): Promise<void> {
    this.#cancelTimers();
    await this.#orders.settle(LAST_WORD_MS);
    this.#cancelTimers();
    this.#orders.close();
    this.#link?.close();
    this.#link = null;
  }

  #connect(): void {
    const link: ModbusLink = new ModbusLink({
      ...this.#options,
      onOpen: () => {
        this.#orders.open(null);
        this.#refreshLater();
        this.#beatNow(link);
      },
      onClosed: (fault) => {
        this.#cancelTimers();
        this.#orders.close();
        this.#link = null;
        this.#setFault(fault);
        this.#later("retry", this.#backoff.next(), () => {
          this.#connect();
        });
      },
    });
    this.#link = link;
  }

  #confirmed(): void {
    this.#backoff.reset();
    this.#orders.done();
    this.#setFault(null);
  }

  #refreshLater(): void {
    this.#later("refresh", REFRESH_MS, () => {
      this.#orders.refresh();
      this.#refreshLater();
    });
  }

  #beatNow(link: ModbusLink): void {
    const { heartbeat } = this.#options;
    if (heartbeat === null || this.#link !== link) return;
    this.#later("beat", heartbeat.everyMs, () => {
      this.#beatNow(link);
    });
    if (this.#beatUnderWay) return;
    this.#beat = (this.#beat + 1) % BEATS;
    this.#beatUnderWay = true;
    const done = (): void => {
      this.#beatUnderWay = false;
    };
    if (heartbeat.kind === "coil") link.writeCoil(heartbeat.address, this.#beat % 2 === 1, done);
    else link.writeRegister(heartbeat.address, this.#beat, done);
  }

  #setFault(fault: OutputFault | null): void {
    if (fault?.text === this.#fault?.text) return;
    this.#fault = fault;
    this.#options.onFault(fault);
  }

  #later(what: "retry" | "refresh" | "beat", ms: number, act: () => void): void {
    this.#timers.get(what)?.();
    this.#timers.set(what, this.#options.clock.after(ms, act));
  }

  #cancelTimers(): void {
    for (const cancel of this.#timers.values()) cancel();
    this.#timers.clear();
    this.#beatUnderWay = false;
  }
}
