import { Backoff } from "../../system/children.ts";
import type { InferenceProcess } from "./inference-process.ts";
import type { LoadedReport } from "./protocol.ts";

/** Whose parts a bundle judges. */
export interface BundleUser {
  tell(state: "ready" | "restarting" | "crash-loop" | "stopped", detail: string): void;
}

/** A bundle that was loaded and proven, and where it is now. */
export interface PooledBundle {
  /** By which the inference processes know it. */
  readonly number: number;
  readonly dir: string;
  readonly report: LoadedReport;
  readonly users: Set<BundleUser>;
  readonly crashes: CrashHistory;
  /** Prepared: stays without a user. */
  isKept: boolean;
  /** What judges with it; null while it is being restarted. */
  process: InferenceProcess | null;
  /** Of its restart, or of its return to the shared process. */
  timer: NodeJS.Timeout | null;
}

export const CRASH_LOOP = { crashes: 5, withinMs: 60_000 } as const;
const RESTART = { firstMs: 100, maxMs: 10_000 } as const;

/** When something died, and how long to wait before the next try. Times are monotonic ms. */
export class CrashHistory {
  readonly #backoff = new Backoff(RESTART.firstMs, RESTART.maxMs);
  #crashes: readonly number[] = [];

  /** @returns how long to wait now, and whether this makes it a crash loop (true once) */
  note(now: number): { readonly delayMs: number; readonly isLoop: boolean } {
    const recent = this.#recent(now);
    if (recent.length === 0) this.#backoff.reset();
    this.#crashes = [...recent, now];
    return { delayMs: this.#backoff.next(), isLoop: this.#crashes.length === CRASH_LOOP.crashes };
  }

  #recent(now: number): readonly number[] {
    return this.#crashes.filter((at) => now - at < CRASH_LOOP.withinMs);
  }
}
