import { readFileSync } from "node:fs";

/** Resident memory of one process, MB (2^20 bytes). */
export interface Memory {
  readonly residentMb: number;
  /** Highest so far. */
  readonly peakMb: number;
}

/** Of a process's /proc/<pid>/status; null if the process is gone or this is not Linux. */
export function memoryOf(pid: number): Memory | null {
  try {
    return parseStatus(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return null;
  }
}

/** @param status text of /proc/<pid>/status (VmRSS and VmHWM in kB); null if it has neither (a zombie) */
export function parseStatus(status: string): Memory | null {
  const kilobytes = (key: string): number =>
    Number(new RegExp(`^${key}:\\s+(\\d+) kB$`, "m").exec(status)?.[1]);
  const [resident, peak] = [kilobytes("VmRSS"), kilobytes("VmHWM")];
  return Number.isNaN(resident) || Number.isNaN(peak)
    ? null
    : { residentMb: resident / 1024, peakMb: peak / 1024 };
}

const SAMPLE_EVERY_MS = 250;

/** Follows the memory of some processes: the peak of each, and its course. */
export class MemoryWatch<Name extends string> {
  readonly #pids: Readonly<Record<Name, number>>;
  readonly #peaks = new Map<Name, number>();
  readonly #course: { readonly part: number; readonly residentMb: Readonly<Record<string, number>> }[] = [];
  readonly #part: () => number;
  readonly #timer: NodeJS.Timeout;

  /** @param part parts judged so far, to which the samples are related */
  constructor(pids: Readonly<Record<Name, number>>, part: () => number) {
    this.#pids = pids;
    this.#part = part;
    this.#timer = setInterval(() => {
      this.#sample();
    }, SAMPLE_EVERY_MS);
  }

  /** Highest resident memory of a process since its start, MB; null if it was never seen. */
  peakMb(name: Name): number | null {
    return this.#peaks.get(name) ?? null;
  }

  /** [parts judged, MB resident], in order. */
  course(name: Name): readonly (readonly [number, number])[] {
    return this.#course.map(({ part, residentMb }) => [part, residentMb[name] ?? NaN]);
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#sample();
  }

  #sample(): void {
    const residentMb: Record<string, number> = {};
    for (const name of Object.keys(this.#pids) as Name[]) {
      const memory = memoryOf(this.#pids[name]);
      if (memory === null) continue;
      residentMb[name] = memory.residentMb;
      this.#peaks.set(name, memory.peakMb);
    }
    this.#course.push({ part: this.#part(), residentMb });
  }
}
