/** Pieces of pickles, to write hostile ones by hand (CPython Lib/pickletools.py). */
export const op = {
  proto: (version = 2) => [0x80, version],
  stop: [0x2e],
  mark: [0x28],
  none: [0x4e],
  emptyTuple: [0x29],
  emptyList: [0x5d],
  emptyDict: [0x7d],
  tuple: [0x74],
  tuple1: [0x85],
  tuple2: [0x86],
  tuple3: [0x87],
  append: [0x61],
  setItem: [0x73],
  setItems: [0x75],
  put: (index: number) => [0x71, index],
  get: (index: number) => [0x68, index],
  memoize: [0x94],
  text: (value: string) => [0x8c, Buffer.byteLength(value), ...Buffer.from(value)],
  int: (value: number) => {
    const bytes = Buffer.alloc(5, 0x4a);
    bytes.writeInt32LE(value, 1);
    return [...bytes];
  },
  global: (module: string, name: string) => [0x63, ...Buffer.from(`${module}\n${name}\n`)],
  stackGlobal: [0x93],
  inst: (module: string, name: string) => [0x69, ...Buffer.from(`${module}\n${name}\n`)],
  obj: [0x6f],
  newObj: [0x81],
  newObjEx: [0x92],
  reduce: [0x52],
  build: [0x62],
  ext1: (code: number) => [0x82, code],
  ext2: (code: number) => [0x83, code, 0],
  ext4: (code: number) => [0x84, code, 0, 0, 0],
  persistent: [0x51],
  persistentText: (id: string) => [0x50, ...Buffer.from(`${id}\n`)],
  nextBuffer: [0x97],
} as const;

/** A torch storage reference: ("storage", type, key, "cpu", count) → BINPERSID. */
export function storageReference(key: string, count: number, type = "FloatStorage"): number[] {
  return [
    ...[...op.mark, ...op.text("storage"), ...op.global("torch", type), ...op.text(key), ...op.text("cpu")],
    ...[...op.int(count), ...op.tuple, ...op.persistent],
  ];
}

/** A tensor of storage "0": `_rebuild_tensor_v2(storage, offset, shape, strides, False, OrderedDict())`. */
export function tensor(
  storage: readonly number[],
  offset: number,
  shape: readonly number[],
  strides: readonly number[],
): number[] {
  const ints = (values: readonly number[]) => [
    ...op.mark,
    ...values.flatMap((value) => op.int(value)),
    ...op.tuple,
  ];
  return [
    ...[...op.global("torch._utils", "_rebuild_tensor_v2"), ...op.mark, ...storage, ...op.int(offset)],
    ...[...ints(shape), ...ints(strides), 0x89, ...op.none, ...op.tuple, ...op.reduce],
  ];
}

/** A whole pickle: `{ name: value }`. */
export function dictOf(name: string, value: readonly number[]): Uint8Array {
  return Uint8Array.from([
    ...op.proto(),
    ...op.emptyDict,
    ...op.text(name),
    ...value,
    ...op.setItem,
    ...op.stop,
  ]);
}
