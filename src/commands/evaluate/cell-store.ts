import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { CELL_VERSION, cellSchema, type Cell } from "../../evaluation/cell.ts";
import { writeDurably } from "../../system/durable-files.ts";

/**
 * A finished cell of this key; null if there is none, a damaged one, or one of another version of the code: it is measured
 * again.
 */
export async function loadCell(folder: string, key: string): Promise<Cell | null> {
  const text = await readFile(fileOf(folder, key), "utf8").catch(() => null);
  if (text === null) return null;
  try {
    const cell = cellSchema.parse(JSON.parse(text));
    return cell.version === CELL_VERSION ? cell : null;
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
