import { createHash } from "node:crypto";
import { createServer } from "node:net";

/**
 * Holds a name among the processes of this machine, by an abstract socket: the kernel frees it with the process, whatever
 * ends it, and no file is left behind.
 * @returns what frees it; null if another holds it
 */
export async function holdAlone(name: string): Promise<(() => Promise<void>) | null> {
  const hash = createHash("sha256").update(name).digest("hex");
  const server = createServer((connection) => connection.destroy());
  const isHeld = await new Promise<boolean>((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "EADDRINUSE") resolve(false);
      else reject(error);
    });
    server.listen(`\0assayd-${hash}`, () => {
      resolve(true);
    });
  });
  if (!isHeld) return null;
  server.unref();
  return () =>
    new Promise((resolve) => {
      server.close(() => {
        resolve();
      });
    });
}
