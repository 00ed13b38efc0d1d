import { crc32 } from "node:zlib";
import type { Readable } from "node:stream";
import yauzl from "yauzl";
import { type PthContents, readTorchPickle } from "./torch-pickle.ts";
import { badPickle } from "./pickle-machine.ts";

const STORED = 0; // compression method
const MAX_ENTRIES = 20_000;

interface Archive {
  readonly zip: yauzl.ZipFile;
  readonly entries: ReadonlyMap<string, yauzl.Entry>;
}

/**
 * The container of PyTorch ≥ 1.6: `<archive>/data.pkl`, `<archive>/data/<key>`, `<archive>/byteorder`
 * (caffe2/serialize/inline_container.h). torch.save stores without compression; because we insist on it, what is read can
 * never be larger than the file.
 * @throws InputError or yauzl's Error for damaged or foreign archives
 */
export async function readZipPth(bytes: Uint8Array): Promise<PthContents> {
  const archive = await openArchive(bytes);
  const pickles = [...archive.entries.keys()].filter((name) => /^[^/]+\/data\.pkl$/.test(name));
  const [pickle] = pickles;
  if (pickle === undefined || pickles.length > 1)
    throw badPickle(`it is a zip file with ${pickles.length} data.pkl inside`);
  const folder = pickle.slice(0, -"data.pkl".length);
  const order = archive.entries.has(`${folder}byteorder`)
    ? await readEntry(archive, `${folder}byteorder`)
    : null;
  if (order !== null && new TextDecoder().decode(order).trim() !== "little")
    throw badPickle("its numbers are big-endian");
  const { value } = readTorchPickle(await readEntry(archive, pickle), 0);
  return { saved: value, bytesOf: (storage) => readEntry(archive, `${folder}data/${storage.key}`) };
}

function openArchive(bytes: Uint8Array): Promise<Archive> {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return new Promise((resolve, reject) => {
    yauzl.fromBuffer(buffer, { lazyEntries: true }, (error, zip) => {
      if (error !== null) {
        reject(error);
        return;
      }
      const entries = new Map<string, yauzl.Entry>();
      let total = 0;
      zip.on("error", reject);
      zip.on("end", () => {
        resolve({ zip, entries });
      });
      zip.on("entry", (entry: yauzl.Entry) => {
        total += entry.uncompressedSize;
        const problem = problemOf(entry, entries, total > bytes.length);
        if (problem !== null) {
          reject(badPickle(problem));
          return;
        }
        entries.set(entry.fileName, entry);
        zip.readEntry();
      });
      zip.readEntry();
    });
  });
}

function problemOf(
  entry: yauzl.Entry,
  entries: ReadonlyMap<string, unknown>,
  isTooMuch: boolean,
): string | null {
  if (entry.isEncrypted()) return `its entry ${entry.fileName} is encrypted`;
  if (entry.compressionMethod !== STORED)
    return `its entry ${entry.fileName} is compressed, which torch.save never does`;
  if (isTooMuch) return "its entries are larger than the file (a zip bomb)";
  if (entries.has(entry.fileName)) return `it has two entries ${entry.fileName}`;
  if (entries.size >= MAX_ENTRIES) return `it has more than ${MAX_ENTRIES} entries`;
  return null;
}

async function readEntry({ zip, entries }: Archive, name: string): Promise<Uint8Array> {
  const entry = entries.get(name);
  if (entry === undefined) throw badPickle(`its entry ${name} is missing`);
  const stream = await new Promise<Readable>((resolve, reject) => {
    zip.openReadStream(entry, (error, opened) => {
      if (error === null) resolve(opened);
      else reject(error);
    });
  });
  const chunks: Uint8Array[] = [];
  for await (const chunk of stream) chunks.push(chunk as Uint8Array);
  const bytes = Buffer.concat(chunks);
  if (crc32(bytes) !== entry.crc32) throw badPickle(`its entry ${name} is damaged (CRC-32 differs)`);
  return bytes;
}
