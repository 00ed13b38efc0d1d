import { setTimeout as sleep } from "node:timers/promises";
import {
  decodeNumber,
  encodeNumber,
  PLC_REGISTERS,
  STATION_REGISTER_COUNT,
  STATION_REGISTERS,
} from "../register-map.ts";
import { messageOf } from "../../domain/errors.ts";
import { Connection } from "./connection.ts";
import type { StationCounts } from "./line-summary.ts";
import {
  beat,
  controlWord,
  LADDER_AT_REST,
  scan,
  SCANNED_REGISTERS,
  seenIn,
  type Answer,
  type LadderMemory,
  type Seen,
} from "./ladder.ts";

const RECONNECT_MS = 250;
const BEAT_MS = 250;

export interface StationLinkOptions {
  readonly host: string;
  readonly port: number;
  /** Modbus unit of the camera, from 1. */
  readonly unit: number;
  /** BufferEnable: results wait for their turn. */
  readonly buffered: boolean;
  /** From one scan to the next. */
  readonly scanMs: number;
  readonly onAnswer: (answer: Answer) => void;
  /** The station shows a fault that it did not show before. */
  readonly onFault: (code: number) => void;
  /** What this PLC makes of the bits that are wanted, and those set before; a polite one sets what is wanted. */
  readonly meddle: (wanted: LadderMemory, before: LadderMemory) => LadderMemory;
}

/** One camera of a station as a PLC talks to it: scans its status and results, sets Trigger, acknowledges, shows a live sign. */
export class StationLink {
  readonly #options: StationLinkOptions;
  #connection: Connection | null = null;
  #memory: LadderMemory = LADDER_AT_REST;
  #seen: Seen | null = null;
  #running = false;
  #done: Promise<void> = Promise.resolve();
  #beat: NodeJS.Timeout | undefined;
  #error: string | null = null;

  constructor(options: StationLinkOptions) {
    this.#options = options;
  }

  /** The newest scan; null before the first and while the station is not reached. */
  get seen(): Seen | null {
    return this.#seen;
  }

  /** Why the station was not reached the last time it was tried. */
  get error(): string | null {
    return this.#error;
  }

  start(): void {
    this.#running = true;
    this.#done = this.#run();
    this.#beat = setInterval(() => {
      this.#beatOnce();
    }, BEAT_MS);
  }

  async stop(): Promise<void> {
    this.#running = false;
    clearInterval(this.#beat);
    this.cut();
    await this.#done;
  }

  /** Asks for one part, by one request: an edge of Trigger with its tag. False if the station is not connected. */
  trigger(tag: number): boolean {
    if (!this.#connection?.isOpen) return false;
    if (this.#memory.trigger) this.#write({ ...this.#memory, trigger: false }); // else it would be no edge
    this.#write({ ...this.#memory, trigger: true }, tag);
    return true;
  }

  /** Tells the encoder's counts (uint32, wraps). */
  encoder(counts: number): void {
    this.#send(PLC_REGISTERS.encoder.address, encodeNumber("uint32", counts % 2 ** 32));
  }

  /** Breaks the connection off; it is made again by itself. */
  cut(): void {
    this.#connection?.cut();
  }

  /** @throws Error if the station does not answer */
  async counts(): Promise<StationCounts> {
    const words = await this.#read(STATION_REGISTER_COUNT);
    return {
      missed: decodeNumber(words, STATION_REGISTERS.missedCount),
      lostResults: decodeNumber(words, STATION_REGISTERS.lostResults),
    };
  }

  async #run(): Promise<void> {
    while (this.#running) {
      try {
        await this.#connect();
        for (;;) await this.#scanOnce(); // until the connection ends; `stop` ends it
      } catch (error) {
        this.#error = messageOf(error);
      }
      this.#seen = null;
      this.cut();
      await sleep(RECONNECT_MS);
    }
  }

  async #connect(): Promise<void> {
    const { host, port, unit } = this.#options;
    const connection = await Connection.open(host, port, unit);
    this.#connection = connection;
    if (!this.#running) throw new Error("it was stopped meanwhile");
    this.#error = null;
    this.#write({ ...LADDER_AT_REST, last: this.#memory.last });
  }

  async #scanOnce(): Promise<void> {
    const startedAt = performance.now();
    const seen = seenIn(await this.#read(SCANNED_REGISTERS));
    const { memory, answer } = scan(this.#memory, seen);
    if (seen.faultCode !== 0 && seen.faultCode !== this.#seen?.faultCode)
      this.#options.onFault(seen.faultCode);
    this.#seen = seen;
    const wanted = this.#options.meddle(memory, this.#memory);
    if (wanted.trigger !== this.#memory.trigger || wanted.resultsAck !== this.#memory.resultsAck)
      this.#write(wanted);
    this.#memory = wanted;
    if (answer) this.#options.onAnswer(answer);
    await sleep(Math.max(0, this.#options.scanMs - (performance.now() - startedAt)));
  }

  #beatOnce(): void {
    if (!this.#seen) return;
    const memory = beat(this.#memory, this.#seen.status.fault);
    this.#write(this.#options.meddle(memory, this.#memory));
  }

  /** Sets the control word, and the tag with it: a request takes effect as a whole. */
  #write(memory: LadderMemory, tag?: number): void {
    this.#memory = memory;
    const word = controlWord(memory, this.#options.buffered);
    this.#send(PLC_REGISTERS.control.address, tag === undefined ? [word] : [word, tag]);
  }

  #send(address: number, words: readonly number[]): void {
    const connection = this.#connection;
    if (!connection?.isOpen) return;
    connection.write(address, words).catch(() => {
      connection.cut(); // what was not written must not be taken for written
    });
  }

  async #read(words: number): Promise<readonly number[]> {
    if (!this.#connection) throw new Error("the station is not connected");
    return this.#connection.readInputs(0, words);
  }
}
