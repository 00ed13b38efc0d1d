import { closeSync, existsSync, openSync, readSync, unlinkSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { InferenceError } from "../../domain/errors.ts";

/** The child's number of the descriptor: after stdin, stdout, stderr and the message channel. */
const FRAME_MEMORY_FD = 4;
/** Room for each picture; one of 4096×4096, the largest that is cut into tiles, has 48 MiB. What is not written takes no memory. */
const SLOT_BYTES = 48 * 2 ** 20;

/**
 * Memory that main and inference process share, for pictures on their way: a file without a name. A picture of 0.2 MB in a
 * message keeps the inference process from its work for 1 ms (four reads, two copies, a full socket); here it is one copy.
 */
export class FrameMemory {
  readonly fd: number;
  #closed = false;

  /** @param name unique on this machine */
  constructor(name: string) {
    const path = join(existsSync("/dev/shm") ? "/dev/shm" : tmpdir(), name);
    this.fd = openSync(path, "wx+", 0o600);
    unlinkSync(path); // it lives as long as somebody holds it: nothing is left behind by a kill
  }

  /** @throws InferenceError `wrong-size` for more than 48 MiB; the system's error if there is no memory left */
  write(slot: number, data: Uint8Array): void {
    if (data.byteLength > SLOT_BYTES) {
      throw new InferenceError(
        "wrong-size",
        `The picture has ${data.byteLength} bytes; at most ${SLOT_BYTES} can be judged.`,
      );
    }
    let done = 0;
    while (done < data.byteLength) {
      done += writeSync(this.fd, data, done, data.byteLength - done, slot * SLOT_BYTES + done);
    }
  }

  close(): void {
    if (!this.#closed) closeSync(this.fd);
    this.#closed = true;
  }
}

/** The inference process's side: one buffer that every picture is read into. */
export class FrameReader {
  #buffer = new Uint8Array();

  /** The picture in a slot; valid until the next call. @throws InferenceError `wrong-size` if it is not all there */
  read(slot: number, bytes: number): Uint8Array {
    if (this.#buffer.byteLength !== bytes) this.#buffer = new Uint8Array(bytes);
    const done = readSync(FRAME_MEMORY_FD, this.#buffer, 0, bytes, slot * SLOT_BYTES);
    if (done === bytes) return this.#buffer;
    throw new InferenceError("wrong-size", `Only ${done} of ${bytes} bytes of the picture are there.`);
  }
}
