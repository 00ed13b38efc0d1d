import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";

/** Writes until the disk takes no more byte. */
export function fillUp(file: string): void {
  const chunk = Buffer.alloc(65536, 1);
  for (const size of [65536, 4096, 1]) {
    try {
      for (;;) writeFileSync(file, chunk.subarray(0, size), { flag: "a" });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOSPC") throw error;
    }
  }
}

/** True where this user may mount a tmpfs; containers and ordinary users may not. */
export function canMount(): boolean {
  if (process.getuid?.() !== 0) return false;
  try {
    execFileSync("unshare", ["--mount", "mount", "-t", "tmpfs", "-o", "size=100k", "tmpfs", "/mnt"], {
      stdio: "ignore",
    });
    return true;
  } catch {
    return false;
  }
}
