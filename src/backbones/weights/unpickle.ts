import { badPickle, PickleMachine } from "./pickle-machine.ts";

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
const STOP = 0x2e;

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
  const machine = new PickleMachine(bytes, start);
  for (;;) {
    const at = machine.position;
    const opcode = machine.byte();
    if (opcode === STOP) return { value: machine.pop(), end: machine.position };
    const value = VALUES.get(opcode);
    if (value !== undefined) machine.push(value(machine, host));
    else if (!act(machine, opcode)) {
      throw badPickle(
        `opcode 0x${opcode.toString(16)} at byte ${at} is not one that torch.save writes for weights`,
      );
    }
  }
}

/** Opcodes that push one value (CPython Lib/pickletools.py). */
const VALUES: ReadonlyMap<number, (machine: PickleMachine, host: PickleHost) => unknown> = new Map([
  [0x4e /* NONE */, () => null],
  [0x88 /* NEWTRUE */, () => true],
  [0x89 /* NEWFALSE */, () => false],
  [0x4a /* BININT */, (m) => m.int32()],
  [0x4b /* BININT1 */, (m) => m.byte()],
  [0x4d /* BININT2 */, (m) => m.uint16()],
  [0x8a /* LONG1 */, (m) => m.long(m.byte())],
  [0x47 /* BINFLOAT */, (m) => m.float64()],
  [0x58 /* BINUNICODE */, (m) => m.text(m.uint32())],
  [0x8c /* SHORT_BINUNICODE */, (m) => m.text(m.byte())],
  [0x54 /* BINSTRING, Python 2 */, (m) => m.text(m.uint32())],
  [0x55 /* SHORT_BINSTRING, Python 2 */, (m) => m.text(m.byte())],
  [0x29 /* EMPTY_TUPLE */, () => []],
  [0x85 /* TUPLE1 */, (m) => m.popLast(1)],
  [0x86 /* TUPLE2 */, (m) => m.popLast(2)],
  [0x87 /* TUPLE3 */, (m) => m.popLast(3)],
  [0x74 /* TUPLE */, (m) => m.popMark()],
  [0x5d /* EMPTY_LIST */, () => []],
  [0x7d /* EMPTY_DICT */, () => new Map()],
  [0x68 /* BINGET */, (m) => m.recall(m.byte())],
  [0x6a /* LONG_BINGET */, (m) => m.recall(m.uint32())],
  [0x63 /* GLOBAL */, (m, host) => lookUp([m.line(), m.line()], host)],
  [0x93 /* STACK_GLOBAL */, (m, host) => lookUp(m.popLast(2), host)],
  [0x51 /* BINPERSID */, (m, host) => host.persistent(m.pop())],
  [0x52 /* REDUCE */, (m) => reduce(m.popLast(2))],
] satisfies [number, (machine: PickleMachine, host: PickleHost) => unknown][]);

/** Does what the other opcodes say. False if it is none of them: then the pickle is refused. */
function act(machine: PickleMachine, opcode: number): boolean {
  switch (opcode) {
    case 0x80 /* PROTO */:
      checkProtocol(machine.byte());
      return true;
    case 0x95 /* FRAME */:
      machine.take(8);
      return true;
    case 0x28 /* MARK */:
      machine.mark();
      return true;
    case 0x71 /* BINPUT */:
      machine.remember(machine.byte());
      return true;
    case 0x72 /* LONG_BINPUT */:
      machine.remember(machine.uint32());
      return true;
    case 0x94 /* MEMOIZE */:
      machine.memoize();
      return true;
    case 0x61 /* APPEND */:
      append(machine.popLast(1), machine.top());
      return true;
    case 0x65 /* APPENDS */:
      append(machine.popMark(), machine.top());
      return true;
    case 0x73 /* SETITEM */:
      setItems(machine.popLast(2), machine.top());
      return true;
    case 0x75 /* SETITEMS */:
      setItems(machine.popMark(), machine.top());
      return true;
    case 0x62 /* BUILD */:
      machine.pop();
      if (!(machine.top() instanceof Map)) throw badPickle("it sets the state of something that is no dict");
      return true;
    default:
      return false;
  }
}

function checkProtocol(version: number): void {
  if (version > MAX_PROTOCOL) throw badPickle(`its protocol is ${version}; at most ${MAX_PROTOCOL} is known`);
}

function lookUp([module, name]: readonly unknown[], host: PickleHost): unknown {
  if (typeof module !== "string" || typeof name !== "string")
    throw badPickle("it gives a name that is no text");
  return host.global(module, name);
}

function reduce([callable, args]: readonly unknown[]): unknown {
  if (!(callable instanceof PickleCallable)) throw badPickle("it calls something that must not be called");
  if (!Array.isArray(args)) throw badPickle("it calls with arguments that are no tuple");
  return callable.call(args);
}

function append(items: readonly unknown[], list: unknown): void {
  if (!Array.isArray(list)) throw badPickle("it appends to something that is no list");
  for (const item of items) list.push(item);
}

function setItems(items: readonly unknown[], dict: unknown): void {
  if (!(dict instanceof Map)) throw badPickle("it sets an item of something that is no dict");
  if (items.length % 2 !== 0) throw badPickle("it gives a dict a key without a value");
  for (let i = 0; i < items.length; i += 2) dict.set(items[i], items[i + 1]);
}
