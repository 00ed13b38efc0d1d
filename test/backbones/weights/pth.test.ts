import fc from "fast-check";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { readPth } from "../../../src/backbones/weights/pth.ts";
import { writeSafetensors } from "../../../src/backbones/weights/safetensors.ts";
import { InputError } from "../../../src/domain/errors.ts";
import { dictOf, op, storageReference, tensor } from "./pickle-text.ts";
import { storedZip, type ZipEntry } from "./stored-zip.ts";

const fixture = (name: string) => readFileSync(new URL(`fixtures/${name}.pth`, import.meta.url));
const f32 = (values: readonly number[]) => new Uint8Array(Float32Array.from(values).buffer);

/** The two containers around one pickle; storage "0" holds 1, 2, 3, 4. */
const zipped = (pickle: Uint8Array, more: readonly ZipEntry[] = []) =>
  storedZip([
    { name: "archive/data.pkl", data: pickle },
    { name: "archive/data/0", data: f32([1, 2, 3, 4]) },
    ...more,
  ]);
const LEGACY_START = Buffer.from("80028a0a6cfc9c46f9206aa850192e80024de9032e80027d2e", "hex");
const legacy = (pickle: Uint8Array, rest: Uint8Array = Buffer.from("80025d2e", "hex")) =>
  Buffer.concat([LEGACY_START, pickle, rest]);

describe.each(["zip", "legacy"])("files of torch.save, %s container", (container) => {
  test("every floating-point format, stride and offset gives the same numbers as in PyTorch", async () => {
    const weights = await readPth(fixture(`plain.${container}`), "plain.pth");
    const base = Float32Array.from({ length: 24 }, (_, i) => i / 8 - 1);
    for (const name of ["a.weight", "a.half", "a.bfloat16", "a.double"]) {
      expect(weights.get(name)).toEqual({ shape: [2, 3, 4], data: base });
    }
    const transposed = Array.from(
      { length: 24 },
      (_, i) => base[(i % 2) * 12 + (Math.floor(i / 2) % 3) * 4 + Math.floor(i / 6)] ?? NaN,
    );
    expect(weights.get("a.transposed")).toEqual({ shape: [4, 3, 2], data: Float32Array.from(transposed) });
    expect([...(weights.get("a.view")?.data ?? [])]).toEqual([13, 14, 17, 18, 21, 22].map((i) => base[i]));
    expect(weights.get("a.expanded")).toEqual({ shape: [3, 2], data: new Float32Array(6).fill(1.5) });
    expect(weights.get("a.parameter")).toEqual({ shape: [3, 4], data: base.slice(0, 12) });
    expect(weights.get("a.scalar")).toEqual({ shape: [], data: Float32Array.of(0.5) });
  });

  test("integers (num_batches_tracked) are left out", async () => {
    expect((await readPth(fixture(`plain.${container}`), "plain.pth")).has("a.num_batches_tracked")).toBe(
      false,
    );
  });

  test("the prefix of DataParallel is dropped, a state dict inside a checkpoint is found", async () => {
    const plain = await readPth(fixture(`plain.${container}`), "plain.pth");
    expect(await readPth(fixture(`parallel.${container}`), "parallel.pth")).toEqual(plain);
    expect(await readPth(fixture(`checkpoint.${container}`), "checkpoint.pth")).toEqual(plain);
  });

  test("a module's own state dict (with _metadata) is read", async () => {
    const weights = await readPth(fixture(`module-state.${container}`), "module.pth");
    expect([...weights].map(([name, { shape }]) => [name, shape])).toEqual([
      ["0.weight", [2, 1, 3, 3]],
      ["0.bias", [2]],
      ["1.weight", [2]],
      ["1.bias", [2]],
      ["1.running_mean", [2]],
      ["1.running_var", [2]],
    ]);
  });

  test("a file that is cut off anywhere is refused", async () => {
    const whole = fixture(`plain.${container}`);
    for (let length = 0; length < whole.length; length += 37) {
      await expect(readPth(whole.subarray(0, length), "cut.pth")).rejects.toThrow(InputError);
    }
  });

  test("damaged bytes give an InputError or numbers, never anything else", async () => {
    const whole = fixture(`plain.${container}`);
    const damage = fc.array(fc.tuple(fc.nat(whole.length - 1), fc.nat(255)), { minLength: 1, maxLength: 8 });
    await fc.assert(
      fc.asyncProperty(damage, async (changes) => {
        const bytes = Uint8Array.from(whole);
        for (const [at, value] of changes) bytes[at] = value;
        const result = await readPth(bytes, "damaged.pth").catch((error: unknown) => error);
        expect(result instanceof Map || result instanceof InputError).toBe(true);
      }),
      { numRuns: 300, seed: 20 },
    );
  });
});

test("the message names the file, the reason and the remedy", async () => {
  const refusal = readPth(fixture("whole-module.zip"), "whole.pth");
  await expect(refusal).rejects.toThrow(
    /whole\.pth .*torch\.nn\.modules\.linear\.Linear.*state_dict\(\).*safetensors/,
  );
});

test("a file that torch.save never wrote is called what it looks like", async () => {
  const text = new TextEncoder().encode("version https://git-lfs.github.com/spec/v1\noid sha256:1");
  await expect(readPth(text, "p.pth")).rejects.toThrow(/text that begins with "version https:.*download/);
  const safe = writeSafetensors(new Map([["w", { shape: [1], data: Float32Array.of(1) }]]));
  await expect(readPth(safe, "s.pth")).rejects.toThrow(/it is a safetensors file/);
  await expect(readPth(new Uint8Array(), "e.pth")).rejects.toThrow(/it is empty/);
  await expect(readPth(Uint8Array.of(0x89, 0x50, 1), "x.pth")).rejects.toThrow(/does not begin as/);
});

const folder = mkdtempSync(join(tmpdir(), "assayd-pth-"));
const sentinel = join(folder, "executed");
afterAll(() => {
  rmSync(folder, { recursive: true });
});

const command = [...op.text(`touch ${sentinel}`), ...op.tuple1];
const call = (module: string, name: string) => [...op.global(module, name), ...command, ...op.reduce];
const good = tensor(storageReference("0", 4), 0, [2, 2], [2, 1]);
/** A list of two of the former list, 60 times over. */
const laughs = Array.from({ length: 60 }, () => [...op.put(0), ...op.get(0), ...op.tuple2]).flat();

const HOSTILE: Readonly<Record<string, readonly number[]>> = {
  "REDUCE of os.system": call("os", "system"),
  "REDUCE of posix.system": call("posix", "system"),
  "REDUCE of subprocess.Popen": call("subprocess", "Popen"),
  "REDUCE of builtins.eval": call("builtins", "eval"),
  "REDUCE of builtins.exec": call("builtins", "exec"),
  "REDUCE of __builtin__.apply (Python 2)": call("__builtin__", "apply"),
  "REDUCE of builtins.getattr": call("builtins", "getattr"),
  "REDUCE of torch.hub.load": call("torch.hub", "load"),
  "REDUCE of torch.load": call("torch", "load"),
  "REDUCE of numpy's runstring": call("numpy.testing._private.utils", "runstring"),
  "REDUCE of a pickle loader": call("_pickle", "loads"),
  "REDUCE of child_process.execSync": call("child_process", "execSync"),
  "REDUCE of globalThis.eval": call("globalThis", "eval"),
  "REDUCE of an allowed module's other name": call("torch._utils", "_import_dotted_name"),
  "a name with a dot inside an allowed class": call("collections", "OrderedDict.fromkeys"),
  "a name of Object.prototype": call("constructor", "constructor"),
  "STACK_GLOBAL of os.system": [
    ...op.text("os"),
    ...op.text("system"),
    ...op.stackGlobal,
    ...command,
    ...op.reduce,
  ],
  "STACK_GLOBAL with a list as name": [...op.text("os"), ...op.emptyList, ...op.stackGlobal],
  "STACK_GLOBAL split to look allowed": [
    ...op.text("collections.OrderedDict"),
    ...op.text(""),
    ...op.stackGlobal,
  ],
  "INST of os.system": [...op.mark, ...op.text(`touch ${sentinel}`), ...op.inst("os", "system")],
  "INST of an allowed name": [...op.mark, ...op.inst("collections", "OrderedDict")],
  "OBJ of os.system": [...op.mark, ...op.global("os", "system"), ...op.text("x"), ...op.obj],
  "OBJ of an allowed name": [...op.mark, ...op.global("collections", "OrderedDict"), ...op.obj],
  "NEWOBJ of an allowed name": [...op.global("collections", "OrderedDict"), ...op.emptyTuple, ...op.newObj],
  NEWOBJ_EX: [...op.global("collections", "OrderedDict"), ...op.emptyTuple, ...op.emptyDict, ...op.newObjEx],
  "BUILD on an allowed function": [...op.global("collections", "OrderedDict"), ...op.emptyDict, ...op.build],
  "BUILD on a tensor": [...good, ...op.emptyDict, ...op.build],
  "BUILD that makes a list 2³¹ long, spread into a call": [
    ...[...op.global("collections", "OrderedDict"), ...op.emptyList, ...op.emptyDict, ...op.text("length")],
    ...[...op.int(2 ** 31 - 1), ...op.setItem, ...op.build, ...op.reduce],
  ],
  EXT1: op.ext1(1),
  EXT2: op.ext2(1),
  EXT4: op.ext4(1),
  "a persistent id in text": op.persistentText("storage"),
  "a persistent id that is a name": [...op.text("storage"), ...op.persistent],
  "a persistent id with a call as type": [
    ...[...op.mark, ...op.text("storage"), ...op.global("os", "system"), ...op.text("0"), ...op.text("cpu")],
    ...[...op.int(4), ...op.tuple, ...op.persistent],
  ],
  "a persistent id with a path as key": tensor(storageReference("../../../etc/passwd", 4), 0, [4], [1]),
  "a storage with a negative count": tensor(storageReference("0", -4), 0, [4], [1]),
  "a storage described in two ways": [
    ...storageReference("0", 4),
    ...op.put(1),
    ...tensor(storageReference("0", 3), 0, [1], [1]),
  ],
  "out-of-band buffers": op.nextBuffer,
  "a call nested in a tensor's arguments": tensor(call("os", "system"), 0, [1], [1]),
  "a call nested in a dict in a list": [
    ...[
      ...op.emptyList,
      ...op.emptyDict,
      ...op.text("a"),
      ...call("os", "system"),
      ...op.setItem,
      ...op.append,
    ],
  ],
  "a call of what a call gave": [
    ...op.global("collections", "OrderedDict"),
    ...op.emptyTuple,
    ...op.reduce,
    ...command,
    ...op.reduce,
  ],
  "a call of a dict": [...op.emptyDict, ...command, ...op.reduce],
  "a call of a text": [...op.text("eval"), ...command, ...op.reduce],
  "a call with arguments that are no tuple": [
    ...op.global("collections", "OrderedDict"),
    ...op.text("x"),
    ...op.reduce,
  ],
  "a tensor beyond its storage": tensor(storageReference("0", 4), 2, [2, 2], [2, 1]),
  "a tensor with a negative stride": tensor(storageReference("0", 4), 3, [4], [-1]),
  "a tensor with more sides than any": tensor(
    storageReference("0", 4),
    0,
    new Array<number>(9).fill(1),
    new Array<number>(9).fill(1),
  ),
  "one number expanded to 2⁶⁰": tensor(storageReference("0", 4), 0, [2 ** 30, 2 ** 30], [0, 0]),
  "a storage longer than the file": tensor(storageReference("0", 2 ** 30), 0, [4], [1]),
  "a nested list as key, doubling 60 times": [
    ...op.emptyDict,
    ...op.emptyList,
    ...laughs,
    ...op.none,
    ...op.setItem,
  ],
  "a list that contains itself as shape": [
    ...[
      ...op.global("torch._utils", "_rebuild_tensor_v2"),
      ...op.mark,
      ...storageReference("0", 4),
      ...op.int(0),
    ],
    ...[...op.emptyList, ...op.put(3), ...op.get(3), ...op.append, ...op.get(3), ...op.tuple, ...op.reduce],
  ],
  "an empty stack": [...op.reduce, ...op.reduce, ...op.reduce, ...op.reduce],
  "a mark that was never set": op.setItems,
  "a memo that was never set": op.get(200),
  "an unknown opcode": [0xff],
  "a protocol of the future": op.proto(6),
};

test("there are at least 30 hostile pickles", () => {
  expect(Object.keys(HOSTILE).length).toBeGreaterThanOrEqual(30);
});

describe.each(Object.entries(HOSTILE))("hostile pickle: %s", (_, payload) => {
  const pickle = dictOf("weight", payload);

  test.each([
    ["zip", () => zipped(pickle)],
    ["legacy", () => legacy(pickle)],
    ["legacy, in the list of storages", () => legacy(dictOf("weight", good), pickle)],
  ])("is refused (%s), and its command does not run", async (_container, bytes) => {
    await expect(readPth(bytes(), "hostile.pth")).rejects.toThrow(InputError);
    expect(existsSync(sentinel)).toBe(false);
  });
});

test("the same container with an honest pickle is read", async () => {
  const expected = new Map([["weight", { shape: [2, 2], data: Float32Array.of(1, 2, 3, 4) }]]);
  expect(await readPth(zipped(dictOf("weight", good)), "good.pth")).toEqual(expected);
  const storages = Buffer.concat([
    Buffer.from("80025d8c0130612e", "hex"),
    Buffer.from("0400000000000000", "hex"),
    f32([1, 2, 3, 4]),
  ]);
  expect(await readPth(legacy(dictOf("weight", good), storages), "good.pth")).toEqual(expected);
});

describe("hostile zip files are refused", () => {
  const pickle = dictOf("weight", good);
  const storage = { name: "archive/data/0", data: f32([1, 2, 3, 4]) };
  const main = { name: "archive/data.pkl", data: pickle };

  test.each<[string, ZipEntry[]]>([
    ["compressed entries", [main, { ...storage, method: 8 }]],
    ["a size that is a lie", [main, { ...storage, size: 4_000_000_000 }]],
    ["a wrong CRC-32", [main, { ...storage, crc: 1 }]],
    ["encrypted entries", [main, { ...storage, flags: 1 }]],
    ["the same name twice", [main, storage, storage]],
    ["two pickles", [main, { name: "other/data.pkl", data: pickle }, storage]],
    ["no pickle", [storage]],
    ["no storage", [main]],
    ["a short storage", [main, { ...storage, data: f32([1]) }]],
    ["a path out of the archive", [main, { ...storage, name: "../data/0" }]],
    ["big-endian numbers", [main, storage, { name: "archive/byteorder", data: Buffer.from("big") }]],
  ])("%s", async (_, entries) => {
    await expect(readPth(storedZip(entries), "hostile.pth")).rejects.toThrow(InputError);
  });
});
