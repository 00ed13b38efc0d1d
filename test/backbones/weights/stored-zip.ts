import { crc32 } from "node:zlib";

/** One entry; what is left out is made right, what is given may be a lie. */
export interface ZipEntry {
  readonly name: string;
  readonly data: Uint8Array;
  readonly method?: number;
  readonly size?: number;
  readonly crc?: number;
  readonly flags?: number;
}

/** A zip file without compression, as torch.save writes it (APPNOTE 4.3.7, 4.3.12, 4.3.16). */
export function storedZip(entries: readonly ZipEntry[]): Uint8Array {
  const locals: Buffer[] = [];
  const central: Buffer[] = [];
  let at = 0;
  for (const entry of entries) {
    const common = commonHeader(entry);
    const name = Buffer.from(entry.name);
    const local = Buffer.concat([Buffer.from("504b0304", "hex"), common, name, entry.data]);
    const tail = Buffer.alloc(14);
    tail.writeUInt32LE(at, 10);
    central.push(Buffer.concat([Buffer.from("504b01021400", "hex"), common, tail, name]));
    locals.push(local);
    at += local.length;
  }
  const directory = Buffer.concat(central);
  const end = Buffer.alloc(22);
  end.write("504b0506", "hex");
  end.writeUInt16LE(entries.length, 8);
  end.writeUInt16LE(entries.length, 10);
  end.writeUInt32LE(directory.length, 12);
  end.writeUInt32LE(at, 16);
  return Buffer.concat([...locals, directory, end]);
}

/** Version needed up to extra length: the same in the local and the central header. */
function commonHeader({
  name,
  data,
  method = 0,
  size = data.length,
  crc = crc32(data),
  flags = 0,
}: ZipEntry): Buffer {
  const header = Buffer.alloc(26);
  header.writeUInt16LE(20, 0);
  header.writeUInt16LE(flags, 2);
  header.writeUInt16LE(method, 4);
  header.writeUInt32LE(crc, 10);
  header.writeUInt32LE(data.length, 14);
  header.writeUInt32LE(size, 18);
  header.writeUInt16LE(Buffer.byteLength(name), 22);
  return header;
}
