import type { Call, CallAnswer, FromServer } from "./protocol.ts";

/** Calls that may wait for the station; more are refused at once. */
const MAX_CALLS = 32;
const ANSWER_TIMEOUT_MS = 20_000;

/** The server's side of method calls: asks the station and waits for its answer. */
export class StationLink {
  readonly #send: (message: FromServer) => void;
  readonly #waiting = new Map<number, (answer: CallAnswer) => void>();
  #lastId = 0;

  constructor(send: (message: FromServer) => void) {
    this.#send = send;
  }

  /** Never rejects. */
  ask(call: Call): Promise<CallAnswer> {
    if (this.#waiting.size >= MAX_CALLS) {
      const message = `${MAX_CALLS} calls wait for the station; try again later.`;
      return Promise.resolve({ ok: false, why: "busy", message });
    }
    const id = (this.#lastId += 1);
    const { promise, resolve } = Promise.withResolvers<CallAnswer>();
    const timer = setTimeout(() => {
      this.answered(id, { ok: false, why: "timeout", message: "The station did not answer." });
    }, ANSWER_TIMEOUT_MS);
    this.#waiting.set(id, (answer) => {
      clearTimeout(timer);
      resolve(answer);
    });
    this.#send({ type: "call", id, call });
    return promise;
  }

  answered(id: number, answer: CallAnswer): void {
    this.#waiting.get(id)?.(answer);
    this.#waiting.delete(id);
  }
}
