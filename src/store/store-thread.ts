import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { ConfigError, DeliveryError } from "../domain/errors.ts";
import type {
  Opened,
  StoreCall,
  StoreFailure,
  StoreReplies,
  StoreReport,
  StoreWorkerData,
} from "./protocol.ts";

interface Waiting {
  readonly resolve: (value: unknown) => void;
  readonly reject: (failure: StoreFailure) => void;
}

/** The main thread's side of the worker that owns the SQLite file: calls with answers. If the worker dies, so do we. */
export class StoreThread {
  readonly opened: Opened;
  readonly #worker: Worker;
  readonly #waiting = new Map<number, Waiting>();
  #lastCall = 0;
  #closed = false;

  /** @throws ConfigError if the file cannot be used */
  static async open(data: StoreWorkerData, onSetAside: (path: string) => void): Promise<StoreThread> {
    const entry = new URL("./store-worker.ts", import.meta.url);
    const worker = new Worker(entry, {
      workerData: data,
      execArgv: ["--disable-warning=ExperimentalWarning"],
    });
    const [report] = (await once(worker, "message")) as [StoreReport];
    if (report.type === "opened") return new StoreThread(worker, report.opened, onSetAside);
    const failure =
      report.type === "open-failed" ? report.failure : { code: "store-failed", message: data.file };
    throw new ConfigError(failure.code, failure.message);
  }

  private constructor(worker: Worker, opened: Opened, onSetAside: (path: string) => void) {
    this.#worker = worker;
    this.opened = opened;
    worker.on("message", (report: StoreReport) => {
      if (report.type === "set-aside") onSetAside(report.path);
      else this.#answer(report);
    });
  }

  /** @throws DeliveryError with the code of a StoreFailure */
  call<T extends StoreCall["type"]>(call: Extract<StoreCall, { type: T }>): Promise<StoreReplies[T]> {
    if (this.#closed) return Promise.reject(new DeliveryError("store-closed", "The store is closed."));
    this.#lastCall += 1;
    const callId = this.#lastCall;
    return new Promise((resolve, reject) => {
      this.#waiting.set(callId, {
        resolve: (value) => {
          resolve(value as StoreReplies[T]);
        },
        reject: ({ code, message }) => {
          reject(new DeliveryError(code, message));
        },
      });
      this.#worker.postMessage({ ...call, callId });
    });
  }

  /** Closes the file and ends the thread, hard after `timeoutMs`. */
  async close(timeoutMs: number): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    const ended = once(this.#worker, "exit");
    this.#worker.postMessage({ type: "close", callId: 0 });
    const kill = setTimeout(() => void this.#worker.terminate(), timeoutMs);
    await ended;
    clearTimeout(kill);
    const failure: StoreFailure = { code: "store-failed", message: "The store was closed meanwhile." };
    for (const { reject } of this.#waiting.values()) reject(failure);
    this.#waiting.clear();
  }

  #answer(report: StoreReport): void {
    if (report.type !== "reply" && report.type !== "failed") return;
    const waiting = this.#waiting.get(report.callId);
    this.#waiting.delete(report.callId);
    if (report.type === "reply") waiting?.resolve(report.value);
    else waiting?.reject(report.failure);
  }
}
