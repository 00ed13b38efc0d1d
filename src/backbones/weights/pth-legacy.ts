import { type PthContents, readTorchPickle, type Storages } from "./torch-pickle.ts";
import { badPickle } from "./pickle-machine.ts";

const MAGIC_NUMBER = 0x1950a86a20f9469cfc6cn; // torch/serialization.py
const PROTOCOL_VERSION = 1001;
const COUNT_BYTES = 8; // int64 before the numbers

/**
 * The container of PyTorch < 1.6 (`_legacy_save`): four pickles (magic number, protocol version, system, the object), one
 * with the list of storage keys, then for each key its count of numbers (int64) and the numbers.
 * @throws InputError for anything else
 */
export function readLegacyPth(bytes: Uint8Array): PthContents {
  const magic = readTorchPickle(bytes, 0);
  if (magic.value !== MAGIC_NUMBER) throw badPickle("it was not written by torch.save");
  const version = readTorchPickle(bytes, magic.end);
  if (version.value !== PROTOCOL_VERSION) throw badPickle(`its protocol version is not ${PROTOCOL_VERSION}`);
  const system = readTorchPickle(bytes, version.end);
  if (system.value instanceof Map && system.value.get("little_endian") === false)
    throw badPickle("its numbers are big-endian");
  const saved = readTorchPickle(bytes, system.end);
  const places = storagePlaces(bytes, saved.end, saved.storages);
  return {
    saved: saved.value,
    bytesOf: (storage) => Promise.resolve(places.get(storage.key) ?? new Uint8Array()),
  };
}

/** The bytes of each storage: the list of keys at `start`, then counts and numbers in that order. */
function storagePlaces(
  bytes: Uint8Array,
  start: number,
  storages: Storages,
): ReadonlyMap<string, Uint8Array> {
  const { value: keys, end } = readTorchPickle(bytes, start);
  if (!Array.isArray(keys)) throw badPickle("it has no list of storages");
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const places = new Map<string, Uint8Array>();
  let at = end;
  for (const key of keys as unknown[]) {
    const storage = typeof key === "string" ? storages.get(key) : undefined;
    if (storage === undefined) throw badPickle("it lists a storage that no tensor uses");
    if (at + COUNT_BYTES + storage.bytes > bytes.length)
      throw badPickle(`it is cut off inside storage ${storage.key}`);
    if (view.getBigInt64(at, true) !== BigInt(storage.count)) {
      throw badPickle(
        `storage ${storage.key} does not have the ${storage.count} numbers that were announced`,
      );
    }
    at += COUNT_BYTES;
    places.set(storage.key, bytes.subarray(at, at + storage.bytes));
    at += storage.bytes;
  }
  return places;
}
