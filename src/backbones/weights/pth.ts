import { InputError, messageOf } from "../../domain/errors.ts";
import type { Weight, Weights } from "../../graph/ops.ts";
import { badPickle } from "./pickle-machine.ts";
import { readLegacyPth } from "./pth-legacy.ts";
import { isSafetensors } from "./safetensors.ts";
import { readZipPth } from "./pth-zip.ts";
import {
  decodeStorage,
  findSections,
  findStateDict,
  materialize,
  type PthContents,
  type StoredTensor,
} from "./torch-pickle.ts";

const ZIP_MAGIC = [0x50, 0x4b, 0x03, 0x04];
const PICKLE_PROTOCOL = 0x80; // the opcode that every pickle of protocol 2 and above begins with
const HEAD_BYTES = 40;

/**
 * Weights of a file that torch.save wrote: the zip container (PyTorch ≥ 1.6) or the older one. Nothing in it is executed
 * (see {@link readTorchPickle}). float16, bfloat16 and float64 become float32; integer tensors are skipped.
 * @param bytes the whole file   @param file its name, for messages
 * @throws InputError that names the file and the remedy
 */
export async function readPth(bytes: Uint8Array, file: string): Promise<Weights> {
  return readContents(bytes, file, (contents) => weightsOf(contents, findStateDict(contents.saved)));
}

/**
 * The state dicts of a checkpoint that holds several, e.g. `bn` and `decoder`, by their names; otherwise as {@link readPth}.
 * A plain state dict has the name "".
 */
export async function readPthSections(
  bytes: Uint8Array,
  file: string,
): Promise<ReadonlyMap<string, Weights>> {
  return readContents(bytes, file, async (contents) => {
    const sections = new Map<string, Weights>();
    for (const [name, tensors] of findSections(contents.saved))
      sections.set(name, await weightsOf(contents, tensors));
    return sections;
  });
}

async function readContents<R>(
  bytes: Uint8Array,
  file: string,
  use: (contents: PthContents) => Promise<R>,
): Promise<R> {
  try {
    const isZip = ZIP_MAGIC.every((byte, index) => bytes[index] === byte);
    if (!isZip && bytes[0] !== PICKLE_PROTOCOL) throw badPickle(foreignWords(bytes));
    return await use(isZip ? await readZipPth(bytes) : readLegacyPth(bytes));
  } catch (error) {
    throw new InputError(
      "bad-weight-file",
      `${file} cannot be used as a weight file: ${messageOf(error)}. Nothing of it was executed. ` +
        `Get the file again, or save only the weights with torch.save(model.state_dict(), …), or give a .safetensors file.`,
      { cause: error },
    );
  }
}

/** What a file looks like that torch.save never wrote. */
function foreignWords(bytes: Uint8Array): string {
  if (bytes.length === 0) return "it is empty";
  if (isSafetensors(bytes)) return "it is a safetensors file; a file of torch.save is expected here";
  const head = new TextDecoder().decode(bytes.subarray(0, HEAD_BYTES));
  const isText = !/[\p{Cc}\ufffd]/u.test(head.replace(/\s/g, ""));
  return isText
    ? `it is a text that begins with ${JSON.stringify(head)}, perhaps a page or a pointer in place of the download`
    : "it does not begin as a file of torch.save does";
}

async function weightsOf(contents: PthContents, named: ReadonlyMap<string, StoredTensor>): Promise<Weights> {
  const byStorage = Map.groupBy(named, ([, tensor]) => tensor.storage);
  const weights = new Map<string, Weight>();
  for (const [storage, tensors] of byStorage) {
    const source = decodeStorage(storage, await contents.bytesOf(storage));
    for (const [name, tensor] of tensors) weights.set(name, materialize(tensor, source));
  }
  return weights;
}
