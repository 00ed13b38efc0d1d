import { InputError } from "../../domain/errors.ts";

/** Something that a pickle may call. There is no other way to make a value than these, and the file cannot add one. */
export class PickleCallable {
  readonly #call: (args: readonly unknown[]) => unknown;

  constructor(call: (args: readonly unknown[]) => unknown) {
    this.#call = call;
  }

  call(args: readonly unknown[]): unknown {
    return this.#call(args);
  }
}

/** What a pickle may refer to. Both throw InputError for anything they do not know. */
export interface PickleHost {
  /** The meaning of `module.name`. */
  global(module: string, name: string): unknown;
  /** The meaning of a persistent id (torch: a storage). */
  persistent(id: unknown): unknown;
}

const MAX_PROTOCOL = 5;
const MAX_BYTES = 64 * 1024 * 1024;

/**
 * Reads one pickle and executes nothing: only the opcodes that torch.save writes for a state dict exist here, a name means
 * what `host` says, REDUCE accepts only a {@link PickleCallable}, and BUILD (attributes such as `_metadata`) is ignored on
 * an ordered dict and refused elsewhere. Lists and tuples become arrays, dicts become Maps.
 *
 * A general reader (pickleparser) does not do: `[].__setstate__({"length": 2**31-1})`, 50 bytes, ends its process by an
 * out-of-memory abort that cannot be caught, and a dict with a nested list as key is joined to a string exponentially.
 * @param start offset of the pickle in `bytes`
 * @returns the value, and the offset behind STOP
 * @throws InputError for any other opcode or name, and for truncated or malformed pickles
 */
export function unpickle(
  bytes: Uint8Array,
  start: number,
  host: PickleHost,
): { value: unknown; end: number } {
  const machine = new Machine(bytes, start, host);
  const value = machine.run();
  return { value, end: machine.position };
}

/** A pickle that cannot be read or must not be read. */
export function badPickle(problem: string): InputError {
  return new InputError("bad-pickle", problem);
}

class Machine {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #host: PickleHost;
  readonly #memo = new Map<number, unknown>();
  readonly #marks: unknown[][] = [];
  readonly #limit: number;
  #stack: unknown[] = [];
  #position: number;

  constructor(bytes: Uint8Array, start: number, host: PickleHost) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#host = host;
    this.#position = start;
    this.#limit = Math.min(bytes.length, start + MAX_BYTES);
  }

  get position(): number {
    return this.#position;
  }

  run(): unknown {
    for (;;) {
      const at = this.#position;
      const opcode = this.byte();
      if (opcode === STOP) return this.pop();
      const step = STEPS.get(opcode);
      if (step === undefined) {
        throw badPickle(
          `opcode 0x${opcode.toString(16)} at byte ${at} is not one that torch.save writes for weights`,
        );
      }
      step(this);
    }
  }

  // --- reading bytes -------------------------------------------------------------------------------------------------

  take(length: number): Uint8Array {
    const from = this.#position;
    if (length > this.#limit - from) throw badPickle(`it ends inside an item at byte ${from}`);
    this.#position = from + length;
    return this.#bytes.subarray(from, this.#position);
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

  text(length: number): string {
    return new TextDecoder().decode(this.take(length));
  }

  line(): string {
    const end = this.#bytes.indexOf(0x0a, this.#position);
    if (end < 0 || end >= this.#limit) throw badPickle(`it ends inside a name at byte ${this.#position}`);
    const text = this.text(end - this.#position);
    this.#position++;
    return text;
  }

  /** LONG1: little-endian two's complement. A number where it is exact, else a bigint. */
  long(length: number): number | bigint {
    let value = 0n;
    const digits = this.take(length);
    for (const [index, digit] of digits.entries()) value |= BigInt(digit) << BigInt(8 * index);
    value = BigInt.asIntN(8 * length, value);
    const number = Number(value);
    return Number.isSafeInteger(number) ? number : value;
  }

  // --- the stack -----------------------------------------------------------------------------------------------------

  push(value: unknown): void {
    this.#stack.push(value);
  }

  pop(): unknown {
    if (this.#stack.length === 0)
      throw badPickle(`it takes a value from an empty stack before byte ${this.#position}`);
    return this.#stack.pop();
  }

  top(): unknown {
    if (this.#stack.length === 0) throw badPickle(`it uses an empty stack before byte ${this.#position}`);
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

  popTuple(length: number): void {
    const items: unknown[] = [];
    for (let i = 0; i < length; i++) items.unshift(this.pop());
    this.push(items);
  }

  append(items: readonly unknown[]): void {
    const list = this.top();
    if (!Array.isArray(list)) throw badPickle("it appends to something that is no list");
    for (const item of items) list.push(item);
  }

  setItems(items: readonly unknown[]): void {
    const dict = this.top();
    if (!(dict instanceof Map)) throw badPickle("it sets an item of something that is no dict");
    if (items.length % 2 !== 0) throw badPickle("it gives a dict a key without a value");
    for (let i = 0; i < items.length; i += 2) dict.set(items[i], items[i + 1]);
  }

  remember(index: number): void {
    this.#memo.set(index, this.top());
  }

  memoize(): void {
    this.remember(this.#memo.size);
  }

  recall(index: number): void {
    if (!this.#memo.has(index)) throw badPickle(`it recalls value ${index}, which it never remembered`);
    this.push(this.#memo.get(index));
  }

  // --- names and calls -----------------------------------------------------------------------------------------------

  global(module: unknown, name: unknown): void {
    if (typeof module !== "string" || typeof name !== "string")
      throw badPickle("it gives a name that is no text");
    this.push(this.#host.global(module, name));
  }

  persistent(): void {
    this.push(this.#host.persistent(this.pop()));
  }

  reduce(): void {
    const args = this.pop();
    const callable = this.pop();
    if (!(callable instanceof PickleCallable)) throw badPickle("it calls something that must not be called");
    if (!Array.isArray(args)) throw badPickle("it calls with arguments that are no tuple");
    this.push(callable.call(args));
  }

  build(): void {
    this.pop();
    if (!(this.top() instanceof Map)) throw badPickle("it sets the state of something that is no dict");
  }

  #advance(length: number): number {
    const at = this.#position;
    this.take(length);
    return at;
  }
}

const STOP = 0x2e;

/** Opcodes by value (CPython Lib/pickletools.py); what is not here is refused. */
const STEPS: ReadonlyMap<number, (machine: Machine) => void> = new Map<number, (machine: Machine) => void>([
  [0x80 /* PROTO */, protocol],
  [0x95 /* FRAME */, (m) => void m.take(8)],
  [
    0x28 /* MARK */,
    (m) => {
      m.mark();
    },
  ],
  [
    0x4e /* NONE */,
    (m) => {
      m.push(null);
    },
  ],
  [
    0x88 /* NEWTRUE */,
    (m) => {
      m.push(true);
    },
  ],
  [
    0x89 /* NEWFALSE */,
    (m) => {
      m.push(false);
    },
  ],
  [
    0x4a /* BININT */,
    (m) => {
      m.push(m.int32());
    },
  ],
  [
    0x4b /* BININT1 */,
    (m) => {
      m.push(m.byte());
    },
  ],
  [
    0x4d /* BININT2 */,
    (m) => {
      m.push(m.uint16());
    },
  ],
  [
    0x8a /* LONG1 */,
    (m) => {
      m.push(m.long(m.byte()));
    },
  ],
  [
    0x47 /* BINFLOAT */,
    (m) => {
      m.push(m.float64());
    },
  ],
  [
    0x58 /* BINUNICODE */,
    (m) => {
      m.push(m.text(m.uint32()));
    },
  ],
  [
    0x8c /* SHORT_BINUNICODE */,
    (m) => {
      m.push(m.text(m.byte()));
    },
  ],
  [
    0x54 /* BINSTRING, Python 2 */,
    (m) => {
      m.push(m.text(m.uint32()));
    },
  ],
  [
    0x55 /* SHORT_BINSTRING, Python 2 */,
    (m) => {
      m.push(m.text(m.byte()));
    },
  ],
  [
    0x29 /* EMPTY_TUPLE */,
    (m) => {
      m.push([]);
    },
  ],
  [
    0x85 /* TUPLE1 */,
    (m) => {
      m.popTuple(1);
    },
  ],
  [
    0x86 /* TUPLE2 */,
    (m) => {
      m.popTuple(2);
    },
  ],
  [
    0x87 /* TUPLE3 */,
    (m) => {
      m.popTuple(3);
    },
  ],
  [
    0x74 /* TUPLE */,
    (m) => {
      m.push(m.popMark());
    },
  ],
  [
    0x5d /* EMPTY_LIST */,
    (m) => {
      m.push([]);
    },
  ],
  [
    0x61 /* APPEND */,
    (m) => {
      m.append([m.pop()]);
    },
  ],
  [
    0x65 /* APPENDS */,
    (m) => {
      m.append(m.popMark());
    },
  ],
  [
    0x7d /* EMPTY_DICT */,
    (m) => {
      m.push(new Map());
    },
  ],
  [0x73 /* SETITEM */, setItem],
  [
    0x75 /* SETITEMS */,
    (m) => {
      m.setItems(m.popMark());
    },
  ],
  [
    0x71 /* BINPUT */,
    (m) => {
      m.remember(m.byte());
    },
  ],
  [
    0x72 /* LONG_BINPUT */,
    (m) => {
      m.remember(m.uint32());
    },
  ],
  [
    0x94 /* MEMOIZE */,
    (m) => {
      m.memoize();
    },
  ],
  [
    0x68 /* BINGET */,
    (m) => {
      m.recall(m.byte());
    },
  ],
  [
    0x6a /* LONG_BINGET */,
    (m) => {
      m.recall(m.uint32());
    },
  ],
  [
    0x63 /* GLOBAL */,
    (m) => {
      m.global(m.line(), m.line());
    },
  ],
  [0x93 /* STACK_GLOBAL */, stackGlobal],
  [
    0x51 /* BINPERSID */,
    (m) => {
      m.persistent();
    },
  ],
  [
    0x52 /* REDUCE */,
    (m) => {
      m.reduce();
    },
  ],
  [
    0x62 /* BUILD */,
    (m) => {
      m.build();
    },
  ],
]);

function protocol(machine: Machine): void {
  const version = machine.byte();
  if (version > MAX_PROTOCOL) throw badPickle(`its protocol is ${version}; at most ${MAX_PROTOCOL} is known`);
}

function setItem(machine: Machine): void {
  const value = machine.pop();
  const key = machine.pop();
  machine.setItems([key, value]);
}

function stackGlobal(machine: Machine): void {
  const name = machine.pop();
  machine.global(machine.pop(), name);
}
