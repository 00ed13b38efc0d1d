import type { LineView } from "../../domain/station-view.ts";
import { EXCEPTIONS, type ModbusException, type ModbusTable, type ModbusUnit } from "../modbus/unit.ts";
import { decodeNumber, PLC_REGISTER_COUNT, PLC_REGISTERS, wordsOf } from "../register-map.ts";
import {
  INITIAL_STATE,
  type HandshakeAction,
  type HandshakeSettings,
  type HandshakeState,
  type Outcome,
  type PartResult,
} from "./handshake.ts";
import { isLegalWord, plcImage } from "./plc-registers.ts";
import { lineInputs, stationRegisters } from "./station-registers.ts";
import { step } from "./step.ts";

export interface CameraHandshakeParts {
  readonly settings: HandshakeSettings;
  /** How the line stands now. */
  readonly line: () => LineView;
  /** Does what the handshake has decided. @param receivedAt of the request that asked for it, monotonic ms */
  readonly perform: (action: HandshakeAction, receivedAt: number) => void;
  readonly onEncoder: (counts: number) => void;
  /** The PLC's heartbeat is missing, or has come back. */
  readonly onSilence: (isSilent: boolean) => void;
  /** Monotonic ms. */
  readonly now: () => number;
}

interface News {
  readonly results?: readonly PartResult[];
  readonly answered?: number;
  readonly outcomes?: readonly Outcome[];
}

const ENCODER_END = PLC_REGISTERS.encoder.address + wordsOf(PLC_REGISTERS.encoder);

/** One camera's registers, and the handshake that runs over them. Every change is a step at once; nothing is polled. */
export class CameraHandshake implements ModbusUnit {
  readonly #parts: CameraHandshakeParts;
  #plc: readonly number[] = new Array<number>(PLC_REGISTER_COUNT).fill(0);
  #line: LineView;
  #state: HandshakeState = INITIAL_STATE;

  constructor(parts: CameraHandshakeParts) {
    this.#parts = parts;
    this.#line = parts.line();
  }

  read(table: ModbusTable, address: number, count: number): readonly number[] | null {
    const values = this.#table(table);
    return address + count > values.length ? null : values.slice(address, address + count);
  }

  write(
    table: "coils" | "holding-registers",
    address: number,
    values: readonly number[],
    receivedAt: number,
  ): ModbusException | null {
    if (address + values.length > this.#table(table).length) return EXCEPTIONS.illegalAddress;
    if (table === "coils") {
      const bits = replaced(bitsOf(this.#plc[0] ?? 0), address, values);
      this.#plc = replaced(this.#plc, PLC_REGISTERS.control.address, [wordOf(bits)]);
    } else {
      if (!values.every((word, index) => isLegalWord(address + index, word))) return EXCEPTIONS.illegalValue;
      this.#plc = replaced(this.#plc, address, values);
      // The low word completes a count.
      if (address < ENCODER_END && address + values.length >= ENCODER_END) {
        this.#parts.onEncoder(decodeNumber(this.#plc, PLC_REGISTERS.encoder));
      }
    }
    this.#step({}, receivedAt);
    return null;
  }

  /** A part was judged. @param isAnswer it was triggered by this handshake */
  judged(result: PartResult, isAnswer: boolean): void {
    this.#line = this.#parts.line();
    this.#step({ results: [result], answered: isAnswer ? 1 : 0 });
  }

  /** Something that takes time has ended. */
  ended(outcome: Outcome): void {
    this.#line = this.#parts.line();
    this.#step({ outcomes: [outcome] });
  }

  /** The line may have changed, or time has passed. */
  refresh(): void {
    this.#line = this.#parts.line();
    this.#step({});
  }

  #step(news: News, receivedAt = this.#parts.now()): void {
    const { settings, now, onSilence, perform } = this.#parts;
    const inputs = {
      now: now(),
      plc: plcImage(this.#plc),
      line: lineInputs(this.#line),
      results: news.results ?? [],
      answered: news.answered ?? 0,
      outcomes: news.outcomes ?? [],
    };
    const before = this.#state;
    const { state, actions } = step(before, inputs, settings);
    this.#state = state;
    for (const action of actions) perform(action, receivedAt);
    if (state.plcIsSilent !== before.plcIsSilent) onSilence(state.plcIsSilent);
  }

  #table(table: ModbusTable): readonly number[] {
    switch (table) {
      case "coils":
        return bitsOf(this.#plc[0] ?? 0);
      case "holding-registers":
        return this.#plc;
      case "discrete-inputs":
        return bitsOf(this.#image()[0] ?? 0);
      case "input-registers":
        return this.#image();
    }
  }

  /** Made when it is read, so that one request sees one moment and the heartbeat stands still with the program. */
  #image(): readonly number[] {
    return stationRegisters(this.#state, this.#line, this.#parts.settings, this.#parts.now());
  }
}

function replaced(all: readonly number[], at: number, values: readonly number[]): readonly number[] {
  return [...all.slice(0, at), ...values, ...all.slice(at + values.length)];
}

function bitsOf(word: number): number[] {
  return Array.from({ length: 16 }, (_, bit) => (word >> bit) & 1);
}

function wordOf(bits: readonly number[]): number {
  return bits.reduce((word, bit, place) => word | (bit << place), 0);
}
