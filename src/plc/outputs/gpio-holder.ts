import { spawn, type ChildProcess } from "node:child_process";
import type { Clock } from "../reject/precise-timer.ts";

/** A line of a chip, as gpioset names it. */
export interface GpioLine {
  readonly chip: string;
  /** Offset on the chip. */
  readonly line: number;
  /** Energised is the low level. */
  readonly activeLow: boolean;
}

export interface GpioHolderOptions extends GpioLine {
  readonly clock: Clock;
  /** The line is held; orders can come. */
  readonly onOpen: () => void;
  /** The last order was carried out. */
  readonly onDone: () => void;
  /** Once: the line is free. @param reason in words, null if it was asked for */
  readonly onClosed: (reason: string | null) => void;
}

/**
 * Holds a line through processes of gpioset: the kernel frees a line when its holder ends, so a dead station energises nothing.
 * Each holder ends with us, even after a SIGKILL.
 */
export interface GpioHolder {
  /** One order at a time; `onDone` follows. */
  drive(energised: boolean): void;
  /** Frees the line, at once. */
  release(): void;
}

/** Ends of stderr, for the words of a fault. */
const STDERR_CHARACTERS = 300;

/** A child with pipes; `onEnd` tells how it ended, in words. */
export function spawnHolder(
  command: string,
  args: readonly string[],
  onEnd: (reason: string) => void,
): ChildProcess {
  const child = spawn(command, args, { stdio: ["pipe", "pipe", "pipe"] });
  let stderr = "";
  child.stderr.on("data", (chunk: Buffer) => {
    stderr = (stderr + chunk.toString()).slice(-STDERR_CHARACTERS);
  });
  child.stdin.on("error", () => undefined); // it ended meanwhile: `onEnd` tells
  child.once("error", (error) => {
    onEnd(error.message);
  });
  child.once("close", (code, signal) => {
    onEnd(stderr.trim() || `${command} ended with ${signal ?? `code ${code ?? "?"}`}`);
  });
  return child;
}
