import { InferenceError } from "../../domain/errors.ts";
import { Child } from "../../system/children.ts";

interface Refusal {
  readonly type: "refused";
  readonly message: string;
}

/** One process under measurement: asks it one thing at a time. */
export class BenchWorker<Request, Reply extends { readonly type: string }> {
  readonly #child: Child<Request, Reply | Refusal>;
  #settle: { resolve: (reply: Reply) => void; reject: (error: Error) => void } | null = null;

  /** @param name for error messages */
  constructor(name: string, entry: URL) {
    this.#child = new Child<Request, Reply | Refusal>({
      entry,
      execArgv: process.execArgv, // as scripts/assayd starts us: what is measured must be what runs
      onMessage: (reply) => {
        if (isRefusal(reply)) this.#fail(name, reply.message);
        else this.#settle?.resolve(reply);
      },
      onExit: ({ code, signal }) => {
        this.#fail(name, `it ended (${signal ?? `code ${code ?? "none"}`})`);
      },
    });
  }

  /** @throws InferenceError `bench-failed` if the process refuses or ends */
  ask<T extends Reply["type"]>(request: Request, expected: T): Promise<Extract<Reply, { type: T }>> {
    return new Promise((resolve, reject) => {
      const isExpected = (reply: Reply): reply is Extract<Reply, { type: T }> => reply.type === expected;
      this.#settle = {
        resolve: (reply) => {
          if (isExpected(reply)) resolve(reply);
        },
        reject,
      };
      this.#child.send(request);
    });
  }

  async stop(): Promise<void> {
    await this.#child.stop(5000);
  }

  #fail(name: string, why: string): void {
    this.#settle?.reject(new InferenceError("bench-failed", `the measured ${name} process failed: ${why}`));
  }
}

function isRefusal(reply: { readonly type: string }): reply is Refusal {
  return reply.type === "refused";
}
