import { open, readdir, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";

/** Where `writeDurably` stands, for failpoints of the caller. */
export type DurableStep = "tmp-written" | "tmp-synced" | "renamed" | "folder-synced";

/**
 * Replaces a file so that after a power cut it is whole, old or new: temporary name → fsync → rename → fsync of the
 * folder. Two writers of the same path must not run at the same time.
 * @throws the system's error; the old file is then still whole, and the temporary one gone.
 */
export async function writeDurably(
  path: string,
  data: string | Uint8Array,
  onStep: (step: DurableStep) => void = () => undefined,
): Promise<void> {
  const temporary = `${path}.tmp`;
  try {
    await writeSynced(temporary, data, onStep);
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined); // the first error is the one to tell
    throw error;
  }
  onStep("renamed");
  await syncFolder(dirname(path));
  onStep("folder-synced");
}

async function writeSynced(
  path: string,
  data: string | Uint8Array,
  onStep: (step: DurableStep) => void,
): Promise<void> {
  const file = await open(path, "w", 0o644);
  try {
    await file.writeFile(data);
    onStep("tmp-written");
    await file.sync();
  } finally {
    await file.close();
  }
  onStep("tmp-synced");
}

/** fsync of a folder: makes created, renamed and removed names in it durable. */
export async function syncFolder(path: string): Promise<void> {
  await syncPath(path);
}

/** Renames and makes both folders' change durable. The thing renamed must be synced already (`syncTree`). */
export async function renameDurably(from: string, to: string): Promise<void> {
  await rename(from, to);
  await syncFolder(dirname(to));
  if (dirname(from) !== dirname(to)) await syncFolder(dirname(from));
}

/** fsync of every file and folder below and including `path`, files before the folder that holds them. */
export async function syncTree(path: string): Promise<void> {
  for (const entry of await readdir(path, { withFileTypes: true })) {
    const child = join(path, entry.name);
    if (entry.isDirectory()) await syncTree(child);
    else if (entry.isFile()) await syncPath(child);
  }
  await syncFolder(path);
}

async function syncPath(path: string): Promise<void> {
  const handle = await open(path, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
