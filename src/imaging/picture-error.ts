import { open, stat } from "node:fs/promises";
import { InputError, messageOf } from "../domain/errors.ts";

/* eslint-disable no-control-regex -- file signatures are control bytes */
/** First bytes by which a file is recognised when its content contradicts its name. */
const SIGNATURES: readonly (readonly [RegExp, string])[] = [
  [/^\x89PNG/, "a PNG picture"],
  [/^\xff\xd8\xff/, "a JPEG picture"],
  [/^(II\*\0|MM\0\*)/, "a TIFF picture"],
  [/^BM/, "a BMP picture"],
  [/^RIFF....WEBP/s, "a WebP picture"],
  [/^GIF8/, "a GIF picture"],
  [/^%PDF/, "a PDF document"],
  [/^PK\x03\x04/, "a ZIP archive"],
  [/^\x1f\x8b/, "a gzip archive"],
  [/^....ftyp/s, "a video or HEIF file"],
  [/^[^\x00-\x08\x0e-\x1f]+$/, "text"],
];
/* eslint-enable no-control-regex */

/** True if nothing exists at `file`. */
async function isMissing(file: string): Promise<boolean> {
  return stat(file).then(
    () => false,
    () => true,
  );
}

/** The error for a file that is not there or cannot be decoded: what it looks like, the decoder's words, the remedy. */
export async function unreadable(file: string, cause: unknown): Promise<InputError> {
  if (await isMissing(file)) {
    const text = `There is no picture ${file}. Check the path; it may have been moved.`;
    return new InputError("picture-missing", text, { cause });
  }
  const reason = messageOf(cause).split("\n")[0] ?? "";
  return new InputError(
    "picture-unreadable",
    `${file} cannot be read as a picture: it looks like ${await describeFile(file)} (${reason}). ` +
      "Use PNG, JPEG, TIFF, BMP, WebP or GIF; save a damaged picture again or remove it.",
    { cause },
  );
}

async function describeFile(file: string): Promise<string> {
  try {
    const head = await readHead(file);
    if (head.length === 0) return "an empty file";
    return SIGNATURES.find(([pattern]) => pattern.test(head))?.[1] ?? "an unknown binary file";
  } catch (error) {
    return `something that cannot be opened: ${messageOf(error)}`;
  }
}

async function readHead(file: string): Promise<string> {
  const handle = await open(file);
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(64), 0, 64, 0);
    return buffer.toString("latin1", 0, bytesRead);
  } finally {
    await handle.close();
  }
}
