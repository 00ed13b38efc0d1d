import { InputError } from "../../domain/errors.ts";

const MAX_BYTES = 64 * 1024 * 1024;

/** A pickle that cannot be read or must not be read. */
export function badPickle(problem: string): InputError {
  return new InputError("bad-pickle", problem);
}

/**
 * Bytes, stack, marks and memo of one pickle being read. Knows no opcodes and makes no objects; every step beyond the end
 * or below the bottom is an InputError.
 */
export class PickleMachine {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #memo = new Map<number, unknown>();
  readonly #marks: unknown[][] = [];
  readonly #limit: number;
  #stack: unknown[] = [];
  #position: number;

  /** @param start offset of the pickle in `bytes`; at most 64 MiB of it are read */
  constructor(bytes: Uint8Array, start: number) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#position = start;
    this.#limit = Math.min(bytes.length, start + MAX_BYTES);
  }

  get position(): number {
    return this.#position;
  }

  take(length: number): Uint8Array {
    const from = this.#advance(length);
    return this.#bytes.subarray(from, from + length);
  }

  byte(): number {
    return this.#view.getUint8(this.#advance(1));
  }

  uint16(): number {
    return this.#view.getUint16(this.#advance(2), true);
  }

  uint32(): number {
    return this.#view.getUint32(this.#advance(4), true);
  }

  int32(): number {
    return this.#view.getInt32(this.#advance(4), true);
  }

  /** BINFLOAT is big-endian. */
  float64(): number {
    return this.#view.getFloat64(this.#advance(8), false);
  }

  /** LONG1: little-endian two's complement. A number where it is exact, else a bigint. */
  long(length: number): number | bigint {
    const digits = this.take(length).reduce(
      (sum, digit, index) => sum | (BigInt(digit) << BigInt(8 * index)),
      0n,
    );
    const value = BigInt.asIntN(8 * length, digits);
    const number = Number(value);
    return Number.isSafeInteger(number) ? number : value;
  }

  text(length: number): string {
    return new TextDecoder().decode(this.take(length));
  }

  /** Text up to a line feed, which is taken too. */
  line(): string {
    const end = this.#bytes.indexOf(0x0a, this.#position);
    if (end < 0) throw badPickle(`it ends inside a name at byte ${this.#position}`);
    const text = this.text(end - this.#position);
    this.#advance(1);
    return text;
  }

  push(value: unknown): void {
    this.#stack.push(value);
  }

  pop(): unknown {
    return this.popLast(1)[0];
  }

  /** The values pushed last, in the order they were pushed. */
  popLast(count: number): unknown[] {
    this.#expect(count);
    return this.#stack.splice(-count);
  }

  top(): unknown {
    this.#expect(1);
    return this.#stack.at(-1);
  }

  mark(): void {
    this.#marks.push(this.#stack);
    this.#stack = [];
  }

  /** Everything since the last mark. */
  popMark(): unknown[] {
    const outer = this.#marks.pop();
    if (outer === undefined) throw badPickle(`it uses a mark that was not set before byte ${this.#position}`);
    const items = this.#stack;
    this.#stack = outer;
    return items;
  }

  remember(index: number): void {
    this.#memo.set(index, this.top());
  }

  memoize(): void {
    this.remember(this.#memo.size);
  }

  recall(index: number): unknown {
    if (!this.#memo.has(index)) throw badPickle(`it recalls value ${index}, which it never remembered`);
    return this.#memo.get(index);
  }

  #expect(count: number): void {
    if (this.#stack.length < count) {
      throw badPickle(
        `it takes ${count} values from a stack of ${this.#stack.length} before byte ${this.#position}`,
      );
    }
  }

  #advance(length: number): number {
    const from = this.#position;
    if (length > this.#limit - from) throw badPickle(`it ends inside an item at byte ${from}`);
    this.#position = from + length;
    return from;
  }
}
