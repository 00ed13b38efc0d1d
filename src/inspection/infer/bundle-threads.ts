import { once } from "node:events";
import { Worker } from "node:worker_threads";
import type { InferenceReport, LoadSettings, PartRequest } from "./protocol.ts";

/** What a bundle's thread is started with. */
export interface BundleLoad extends LoadSettings {
  readonly bundle: number;
  readonly bundleDir: string;
}

/** `release`: gives the session back and ends, after what was asked before; `end`: ends now. */
export type ThreadRequest = PartRequest | "release" | "end";

const THREAD_ENTRY = new URL("./bundle-thread.ts", import.meta.url);

/**
 * The threads of the bundles that an inference process serves, one each: while one is being loaded the others judge, and
 * while a model runs the next request is read and the last answer written. One model runs at a time: all have the same cores.
 */
export class BundleThreads {
  readonly #report: (report: InferenceReport) => void;
  readonly #threads = new Map<number, Worker>();
  readonly #waiting: PartRequest[] = [];
  /** Handed to a thread and not answered, all to the same one. */
  readonly #running = new Set<number>();
  #runningBundle: number | null = null;

  constructor(report: (report: InferenceReport) => void) {
    this.#report = report;
  }

  load(load: BundleLoad): void {
    const thread = new Worker(THREAD_ENTRY, { workerData: load });
    this.#threads.set(load.bundle, thread);
    thread.on("message", (report: InferenceReport) => {
      this.#take(report);
    });
  }

  /** Its parts must have been answered. */
  unload(bundle: number): void {
    this.#threads.get(bundle)?.postMessage("release" satisfies ThreadRequest);
    this.#threads.delete(bundle);
  }

  /** Ends all threads, each after the run that it is in. */
  async end(): Promise<void> {
    await Promise.all(
      [...this.#threads.values()].map((thread) => {
        thread.postMessage("end" satisfies ThreadRequest);
        return once(thread, "exit");
      }),
    );
  }

  infer(request: PartRequest): void {
    this.#waiting.push(request);
    this.#runNext();
  }

  #take(report: InferenceReport): void {
    if (report.type === "scored" || report.type === "failed") {
      this.#running.delete(report.requestId);
      this.#runNext(); // before the answer is written
    }
    this.#report(report);
  }

  /** A request for the bundle that runs already is handed over at once: its thread need not wait for us. */
  #runNext(): void {
    for (let next = this.#waiting[0]; next !== undefined; next = this.#waiting[0]) {
      if (this.#running.size > 0 && this.#runningBundle !== next.bundle) return;
      this.#waiting.shift();
      this.#run(next);
    }
  }

  #run(request: PartRequest): void {
    const { requestId, bundle } = request;
    const thread = this.#threads.get(bundle);
    if (thread === undefined) {
      this.#report({ type: "failed", requestId, message: `bundle ${bundle} is not loaded in this process` });
      return;
    }
    this.#running.add(requestId);
    this.#runningBundle = bundle;
    thread.postMessage(request satisfies ThreadRequest);
  }
}
