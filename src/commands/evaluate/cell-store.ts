import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { CELL_VERSION, cellSchema, type Cell } from "../../evaluation/cell.ts";
import { writeDurably } from "../../system/durable-files.ts";

/**
 * A finished cell of this key; null if there is none, a damaged one, one of another version of the code or of picture files
 * that have changed since: it is measured again.
 * @param pictures hash of the picture files as they are now
 */
export async function loadCell(folder: string, key: string, pictures: string): Promise<Cell | null> {
  const text = await readFile(fileOf(folder, key), "utf8").catch(() => null);
  if (text === null) return null;
  try {
    const cell = cellSchema.parse(JSON.parse(text));
    const isOfThese = cell.pictures === null || cell.pictures === pictures;
    return cell.version === CELL_VERSION && isOfThese ? cell : null;
  } catch {
    return null;
  }
}

export async function saveCell(folder: string, cell: Cell): Promise<void> {
  await mkdir(folder, { recursive: true });
  await writeDurably(fileOf(folder, cell.key), JSON.stringify(cell));
}

function fileOf(folder: string, key: string): string {
  return join(folder, `${key}.json`);
}
