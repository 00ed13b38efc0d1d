import { AssaydError, messageOf } from "../domain/errors.ts";
import type { StoreFailure } from "./protocol.ts";

// primary result codes, sqlite3.h
const SQLITE_IOERR = 10;
const SQLITE_CORRUPT = 11;
const SQLITE_FULL = 13;
const SQLITE_CANTOPEN = 14;
const SQLITE_READONLY = 8;
const SQLITE_NOTADB = 26;

/** True if the file itself is damaged or no SQLite file at all. */
export function isCorrupt(error: unknown): boolean {
  const code = primaryCode(error);
  return code === SQLITE_CORRUPT || code === SQLITE_NOTADB;
}

/** What went wrong with the store, in words, with the remedy. */
export function storeFailure(error: unknown, file: string): StoreFailure {
  const because = messageOf(error);
  if (error instanceof AssaydError && error.code === "store-newer")
    return { code: "store-newer", message: because };
  switch (primaryCode(error)) {
    case SQLITE_FULL:
      return {
        code: "disk-full",
        message: `No space for ${file} (${because}). Results are kept in memory and written when there is space: free some on this disk.`,
      };
    case SQLITE_IOERR:
    case SQLITE_CANTOPEN:
    case SQLITE_READONLY:
      return {
        code: "disk-error",
        message: `${file} cannot be written (${because}). Check the disk, its mount and the folder's owner; writing is tried again.`,
      };
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return {
        code: "store-corrupt",
        message: `${file} is damaged (${because}); it is set aside and an empty one begun.`,
      };
    case null:
    default:
      return { code: "store-failed", message: `${file}: ${because}` };
  }
}

function primaryCode(error: unknown): number | null {
  if (!(error instanceof Error) || !("errcode" in error)) return null;
  return typeof error.errcode === "number" ? error.errcode & 0xff : null;
}
