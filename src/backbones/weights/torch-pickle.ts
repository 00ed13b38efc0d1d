import type { Weight } from "../../graph/ops.ts";
import { FLOAT_BYTES, type FloatFormat, toFloat32 } from "./float-formats.ts";
import { badPickle } from "./pickle-machine.ts";
import { PickleCallable, type PickleHost, unpickle } from "./unpickle.ts";

/** One run of numbers in a weight file; tensors are views of it. */
export class Storage {
  readonly key: string;
  /** null: integers, which no network of ours uses (num_batches_tracked); they are skipped. */
  readonly format: FloatFormat | null;
  /** How many numbers. */
  readonly count: number;
  /** How many bytes. */
  readonly bytes: number;

  constructor(key: string, type: StorageType, count: number) {
    this.key = key;
    this.format = type.format;
    this.count = count;
    this.bytes = count * type.itemBytes;
  }
}

/** What both containers of torch.save give: the unpickled value and a way to the bytes of a storage. */
export interface PthContents {
  readonly saved: unknown;
  bytesOf(storage: Storage): Promise<Uint8Array>;
}

/** A view of a storage; offset and strides count numbers, not bytes. */
export class StoredTensor {
  readonly storage: Storage;
  readonly offset: number;
  readonly shape: readonly number[];
  readonly strides: readonly number[];

  constructor(storage: Storage, offset: number, shape: readonly number[], strides: readonly number[]) {
    this.storage = storage;
    this.offset = offset;
    this.shape = shape;
    this.strides = strides;
  }
}

class StorageType {
  readonly format: FloatFormat | null;
  readonly itemBytes: number;

  constructor(format: FloatFormat | null, itemBytes: number) {
    this.format = format;
    this.itemBytes = itemBytes;
  }
}

const MAX_DIMENSIONS = 8;
/** Of one file, all tensors together: 1 GiB of float32. A tensor may repeat its storage (stride 0), so the file's size is no limit. */
const MAX_NUMBERS = 2 ** 28;

const floats = (format: FloatFormat) => new StorageType(format, FLOAT_BYTES[format]);
const integers = (itemBytes: number) => new StorageType(null, itemBytes);

/** Every name that a weight file may use; all others are refused. */
const GLOBALS: ReadonlyMap<string, unknown> = new Map<string, unknown>([
  ["collections.OrderedDict", new PickleCallable(orderedDict)],
  ["torch._utils._rebuild_tensor_v2", new PickleCallable(rebuildTensor)],
  ["torch._utils._rebuild_tensor", new PickleCallable(rebuildTensor)],
  ["torch._utils._rebuild_parameter", new PickleCallable(([tensor]) => tensor)],
  ["torch.FloatStorage", floats("float32")],
  ["torch.HalfStorage", floats("float16")],
  ["torch.BFloat16Storage", floats("bfloat16")],
  ["torch.DoubleStorage", floats("float64")],
  ["torch.LongStorage", integers(8)],
  ["torch.IntStorage", integers(4)],
  ["torch.ShortStorage", integers(2)],
  ["torch.CharStorage", integers(1)],
  ["torch.ByteStorage", integers(1)],
  ["torch.BoolStorage", integers(1)],
]);

/** The storages that a pickle named, by key. */
export type Storages = Map<string, Storage>;

/** One pickle of a weight file, and the offset behind it. */
export interface TorchPickle {
  readonly value: unknown;
  readonly end: number;
  readonly storages: Storages;
}

/**
 * Reads the pickle that torch.save wrote, with {@link unpickle} and an allow-list of names.
 * @throws InputError for everything that is not plain weights
 */
export function readTorchPickle(bytes: Uint8Array, start: number): TorchPickle {
  const storages: Storages = new Map();
  const host: PickleHost = {
    global(module, name) {
      const meaning = GLOBALS.get(`${module}.${name}`);
      if (meaning === undefined)
        throw badPickle(
          `it asks for ${JSON.stringify(`${module}.${name}`)}, which is not needed for weights`,
        );
      return meaning;
    },
    persistent: (id) => persistentStorage(id, storages),
  };
  return { ...unpickle(bytes, start, host), storages };
}

/** ("storage", type, key, device, count[, view]): torch/serialization.py, persistent_id. */
function persistentStorage(id: unknown, storages: Storages): Storage {
  if (!Array.isArray(id)) throw badPickle("it refers to a storage in an unknown way");
  const [kind, type, key, , count, view] = id as unknown[];
  if (kind !== "storage" || !(type instanceof StorageType) || typeof key !== "string" || !isCount(count)) {
    throw badPickle("it refers to a storage in an unknown way");
  }
  if (view !== undefined && view !== null)
    throw badPickle(`its storage ${key} is a view of another one (PyTorch before 0.4)`);
  const known = storages.get(key);
  if (known !== undefined) {
    if (known.format === type.format && known.count === count) return known;
    throw badPickle(`it describes storage ${key} in two ways`);
  }
  const storage = new Storage(key, type, count);
  storages.set(key, storage);
  return storage;
}

/** (storage, offset, size, stride, …): torch/_utils.py. */
function rebuildTensor(args: readonly unknown[]): StoredTensor {
  const [storage, offset, shape, strides] = args;
  if (
    !(storage instanceof Storage) ||
    !isCount(offset) ||
    !isCounts(shape) ||
    !isCounts(strides) ||
    shape.length !== strides.length
  ) {
    throw badPickle("it describes a tensor in an unknown way");
  }
  const numbers = shape.reduce((product, side) => product * side, 1);
  const last =
    numbers === 0 ? -1 : shape.reduce((at, side, axis) => at + (side - 1) * (strides[axis] ?? 0), offset);
  if (last >= storage.count) {
    throw badPickle(
      `a tensor [${shape.join(", ")}] reaches number ${last} of storage ${storage.key}, which has ${storage.count}`,
    );
  }
  return new StoredTensor(storage, offset, [...shape], [...strides]);
}

/** Empty, or from a list of pairs (Python 2). */
function orderedDict(args: readonly unknown[]): Map<unknown, unknown> {
  const dict = new Map<unknown, unknown>();
  const [pairs] = args;
  if (pairs === undefined) return dict;
  if (!Array.isArray(pairs)) throw badPickle("it makes a dict from something that is no list");
  for (const pair of pairs as unknown[]) {
    if (!Array.isArray(pair) || pair.length !== 2)
      throw badPickle("it makes a dict from something that is no pair");
    dict.set(pair[0], pair[1]);
  }
  return dict;
}

/**
 * The named tensors of what was saved: a state dict, or a checkpoint with one inside (`encoder_AT`: the amplified teacher of
 * AAND's stage 1). `module.` of DataParallel is dropped.
 * @throws InputError if there is none, or too much
 */
export function findStateDict(saved: unknown): Map<string, StoredTensor> {
  const dict = [
    saved,
    ...["state_dict", "model_state_dict", "model", "encoder_AT"].map((key) => get(saved, key)),
  ].find(hasTensors);
  if (dict === undefined) throw badPickle("there is no state dict in it");
  const named = namedTensors(dict);
  checkNumbers([named]);
  return named;
}

/**
 * Every state dict of a checkpoint by its name; a plain state dict has the name "".
 * @throws InputError as {@link findStateDict}
 */
export function findSections(saved: unknown): Map<string, Map<string, StoredTensor>> {
  if (hasTensors(saved)) return new Map([["", findStateDict(saved)]]);
  const sections = new Map<string, Map<string, StoredTensor>>();
  for (const [name, dict] of saved instanceof Map ? saved : [])
    if (typeof name === "string" && hasTensors(dict)) sections.set(name, namedTensors(dict));
  if (sections.size === 0) throw badPickle("there is no state dict in it");
  checkNumbers([...sections.values()]);
  return sections;
}

function namedTensors(dict: ReadonlyMap<unknown, unknown>): Map<string, StoredTensor> {
  const named = [...dict].filter(
    (entry): entry is [string, StoredTensor] =>
      typeof entry[0] === "string" && entry[1] instanceof StoredTensor && entry[1].storage.format !== null,
  );
  const wrapped = named.length > 0 && named.every(([name]) => name.startsWith("module."));
  return new Map(named.map(([name, tensor]) => [wrapped ? name.slice("module.".length) : name, tensor]));
}

function checkNumbers(dicts: readonly ReadonlyMap<string, StoredTensor>[]): void {
  const numbers = dicts
    .flatMap((dict) => [...dict.values()])
    .reduce((sum, { shape }) => sum + shape.reduce((product, side) => product * side, 1), 0);
  if (numbers > MAX_NUMBERS)
    throw badPickle(`its tensors hold ${numbers} numbers; at most ${MAX_NUMBERS} are read`);
}

/** All numbers of a storage. @param bytes of the storage; @throws InputError if they are too few */
export function decodeStorage(storage: Storage, bytes: Uint8Array): Float32Array {
  if (storage.format === null || bytes.length < storage.bytes) {
    throw badPickle(`storage ${storage.key} has ${bytes.length} bytes instead of ${storage.bytes}`);
  }
  return toFloat32(bytes.subarray(0, storage.bytes), storage.format);
}

/** A tensor with numbers of its own, row-major. @param source the numbers of its whole storage */
export function materialize(tensor: StoredTensor, source: Float32Array): Weight {
  const { offset, shape } = tensor;
  const numbers = shape.reduce((product, side) => product * side, 1);
  if (isRowMajor(tensor)) return { shape, data: source.slice(offset, offset + numbers) };
  return { shape, data: gather(tensor, source, numbers) };
}

function isRowMajor({ shape, strides }: StoredTensor): boolean {
  let expected = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    if (shape[axis] !== 1 && strides[axis] !== expected) return false;
    expected *= shape[axis] ?? 1;
  }
  return true;
}

function gather(
  { offset, shape, strides }: StoredTensor,
  source: Float32Array,
  numbers: number,
): Float32Array {
  const data = new Float32Array(numbers);
  for (let flat = 0; flat < numbers; flat++) {
    let rest = flat;
    let at = offset;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      const side = shape[axis] ?? 1;
      at += (rest % side) * (strides[axis] ?? 0);
      rest = Math.floor(rest / side);
    }
    data[flat] = source[at] ?? NaN;
  }
  return data;
}

function get(saved: unknown, key: string): unknown {
  return saved instanceof Map ? saved.get(key) : undefined;
}

function hasTensors(value: unknown): value is Map<unknown, unknown> {
  return value instanceof Map && [...value.values()].some((item) => item instanceof StoredTensor);
}

function isCount(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}

function isCounts(value: unknown): value is number[] {
  return Array.isArray(value) && value.length <= MAX_DIMENSIONS && value.every(isCount);
}
