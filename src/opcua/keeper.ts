import type { Logger } from "pino";
import { Backoff, Child, type ChildExit } from "../system/children.ts";
import type { FromServer, ServerSettings, ToServer } from "./protocol.ts";

export type ServerState = "starting" | "listening" | "restarting" | "given-up" | "not-installed" | "stopped";

export interface KeeperOptions {
  readonly entry: URL;
  readonly settings: () => ServerSettings;
  readonly logger: Logger;
  /** Monotonic ms. */
  readonly now: () => number;
  readonly onMessage: (message: FromServer) => void;
  /** `detail` is for people. */
  readonly onState: (state: ServerState, detail: string) => void;
  /** Shorter in tests. */
  readonly restart?: { readonly firstMs: number; readonly maxMs: number };
}

const RESTART = { firstMs: 500, maxMs: 30_000 } as const;
/** So many deaths within this time, and it is left alone for a while: a broken server must not eat the station's cores. */
const BREAKER = { crashes: 5, withinMs: 60_000, restMs: 300_000 } as const;
const STOP_GRACE_MS = 1500;
const LOG_LEVEL = {
  starting: "debug",
  listening: "info",
  restarting: "warn",
  "given-up": "warn",
  "not-installed": "warn",
  stopped: "debug",
} as const satisfies Record<ServerState, string>;

/** Keeps one OPC UA process alive. */
export class ServerKeeper {
  readonly #options: KeeperOptions;
  readonly #backoff: Backoff;
  #child: Child<ToServer, FromServer> | null = null;
  #timer: NodeJS.Timeout | null = null;
  #crashes: number[] = [];
  #lastWords = "";
  #state: ServerState = "stopped";
  #restarts = 0;

  constructor(options: KeeperOptions) {
    this.#options = options;
    const { firstMs, maxMs } = options.restart ?? RESTART;
    this.#backoff = new Backoff(firstMs, maxMs);
  }

  get state(): ServerState {
    return this.#state;
  }

  get pid(): number | null {
    return this.#child?.pid ?? null;
  }

  get restarts(): number {
    return this.#restarts;
  }

  start(): void {
    if (this.#state !== "stopped") return;
    this.#begin();
  }

  /** False if nobody is there. */
  send(message: ToServer): boolean {
    return this.#child?.send(message) ?? false;
  }

  /** Ends a process that hangs; it is restarted like one that crashed. */
  kill(why: string): void {
    this.#lastWords = why;
    this.#child?.kill();
  }

  async stop(): Promise<void> {
    this.#state = "stopped";
    if (this.#timer) clearTimeout(this.#timer);
    await this.#child?.stop(STOP_GRACE_MS);
  }

  #begin(): void {
    this.#lastWords = "";
    this.#change("starting", "the OPC UA process starts");
    const child = new Child<ToServer, FromServer>({
      entry: this.#options.entry,
      onMessage: (message) => {
        this.#take(message);
      },
      onExit: (exit) => {
        this.#child = null;
        this.#ended(exit);
      },
      onStderr: (line) => {
        this.#options.logger.debug({ line }, "OPC UA process");
      },
    });
    this.#child = child;
    child.send({ type: "start", settings: this.#options.settings() });
  }

  #take(message: FromServer): void {
    if (this.#state === "stopped") return;
    if (message.type === "listening") {
      this.#change("listening", message.urls.join(", "));
    } else if (message.type === "failed") {
      this.#lastWords = message.message;
      if (message.code === "not-installed") this.#change("not-installed", message.message);
    }
    this.#options.onMessage(message);
  }

  #ended({ code, signal }: ChildExit): void {
    if (this.#state === "stopped" || this.#state === "not-installed") return;
    const now = this.#options.now();
    this.#crashes = [...this.#crashes.filter((at) => now - at < BREAKER.withinMs), now];
    if (this.#crashes.length === 1) this.#backoff.reset();
    const why = this.#lastWords || `it ended with ${signal ?? `code ${code ?? "none"}`}`;
    if (this.#crashes.length >= BREAKER.crashes) {
      this.#crashes = [];
      const minutes = BREAKER.restMs / 60_000;
      this.#change(
        "given-up",
        `${why}; ${BREAKER.crashes} times in a minute, next try in ${minutes} minutes`,
      );
      this.#restartIn(BREAKER.restMs);
      return;
    }
    this.#change("restarting", why);
    this.#restartIn(this.#backoff.next());
  }

  #restartIn(delayMs: number): void {
    this.#timer = setTimeout(() => {
      this.#restarts += 1;
      this.#begin();
    }, delayMs);
    this.#timer.unref();
  }

  #change(state: ServerState, detail: string): void {
    this.#state = state;
    this.#options.logger[LOG_LEVEL[state]]({ state, detail }, "OPC UA server");
    this.#options.onState(state, detail);
  }
}
