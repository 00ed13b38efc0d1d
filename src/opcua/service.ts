import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { Logger } from "pino";
import type { OpcuaConfig } from "../config/opcua-schema.ts";
import type { Inspection } from "../domain/inspection.ts";
import type { LineView, StationActions, StationListener, StationView } from "../domain/station-view.ts";
import { uuid7 } from "../domain/uuid7.ts";
import type { Service } from "../system/lifecycle.ts";
import { Feed } from "./feed.ts";
import { ServerKeeper, type KeeperOptions, type ServerState } from "./keeper.ts";
import { heldVisionState, newLineMode, type LineMode } from "./line-mode.ts";
import { partResult } from "./part-result.ts";
import { performCall } from "./perform-call.ts";
import type {
  Call,
  CallAnswer,
  FromServer,
  LineState,
  PartResult,
  ServerSettings,
  StateMessage,
  ToServer,
} from "./protocol.ts";

export interface OpcuaServiceOptions {
  readonly config: OpcuaConfig;
  readonly stateDir: string;
  readonly view: () => StationView;
  readonly actions: StationActions;
  readonly logger: Logger;
  /** Monotonic ms. */
  readonly now: () => number;
  /** What the process runs; another file in tests. */
  readonly entry?: URL;
  /** Shorter in tests. */
  readonly restart?: NonNullable<KeeperOptions["restart"]>;
  readonly beatMs?: number;
  readonly onState?: (status: OpcuaStatus) => void;
}

export interface OpcuaStatus {
  readonly state: ServerState;
  /** For people: addresses, or what is wrong and the remedy. */
  readonly detail: string;
  readonly sessions: number;
  /** Results that a slow or dead server never got. */
  readonly dropped: number;
  readonly restarts: number;
  readonly pid: number | null;
}

const PROCESS_ENTRY = new URL("./process.ts", import.meta.url);
/** Results that wait for a slow server. */
const QUEUE_LIMIT = 1000;
const BEAT_MS = 5000;
/** A server that has worked off nothing for so many beats hangs. */
const SILENT_BEATS = 4;
const CALL_TIMEOUT_MS = 15_000;
const MAX_CALLS = 32;

/**
 * The station's side of the OPC UA server: tells its process what happens and does what clients ask for. Nothing here waits
 * for that process: it may be slow, hung, dead or not installed, the station goes on.
 */
export class OpcuaService implements Service, StationListener {
  readonly name = "opcua";
  readonly #options: OpcuaServiceOptions;
  readonly #keeper: ServerKeeper;
  readonly #feed: Feed<ToServer>;
  readonly #modes = new Map<string, LineMode>();
  readonly #reported = new Map<string, LineState["state"]>();
  readonly #prepared = new Set<string>();
  readonly #results = new Map<string, PartResult[]>();
  /** The last call of each camera: one after the other. */
  readonly #calls = new Map<string, Promise<unknown>>();
  #callsUnderWay = 0;
  #detail = "not started";
  #sessions = 0;
  #beat: NodeJS.Timeout | null = null;
  #silentBeats = 0;

  constructor(options: OpcuaServiceOptions) {
    this.#options = options;
    this.#feed = new Feed<ToServer>({
      send: (message) => this.#keeper.send(message),
      state: () => this.#stateMessage(),
      limit: QUEUE_LIMIT,
    });
    this.#keeper = new ServerKeeper({
      entry: options.entry ?? PROCESS_ENTRY,
      settings: () => this.#settings(),
      logger: options.logger,
      now: options.now,
      ...(options.restart && { restart: options.restart }),
      onMessage: (message) => {
        this.#take(message);
      },
      onState: (state, detail) => {
        this.#serverChanged(state, detail);
      },
    });
  }

  get status(): OpcuaStatus {
    const { state, restarts, pid } = this.#keeper;
    const { dropped } = this.#feed;
    return { state, detail: this.#detail, sessions: this.#sessions, dropped, restarts, pid };
  }

  /** Returns at once; the server listens some seconds later, or `status` says why not. */
  start(): Promise<void> {
    this.#keeper.start();
    this.#beat = setInterval(() => {
      this.#checkPulse();
    }, this.#options.beatMs ?? BEAT_MS);
    this.#beat.unref();
    return Promise.resolve();
  }

  async stop(): Promise<void> {
    if (this.#beat) clearInterval(this.#beat);
    this.#feed.close();
    await this.#keeper.stop();
  }

  acquired(camera: string, triggerId: string): void {
    const { job } = this.#mode(camera);
    const jobId = job?.kind === "continuous" ? job.id : triggerId;
    this.#feed.event({ type: "acquired", camera, triggerId, jobId });
  }

  inspected(inspection: Inspection): void {
    const line = this.#line(inspection.camera);
    if (!line) return;
    const result = partResult(inspection, line, this.#mode(inspection.camera).job);
    const newest = this.#results.get(inspection.camera) ?? [];
    newest.push(result);
    if (newest.length > this.#options.config.results) newest.shift();
    this.#results.set(inspection.camera, newest);
    this.#feed.event({ type: "result", result });
  }

  lineChanged(): void {
    this.#feed.stateChanged();
  }

  #settings(): ServerSettings {
    const { config, stateDir, view } = this.#options;
    const { host, port, security, users, results, maxSessions } = config;
    const { name, software, lines } = view();
    const loopback = host === "localhost" || host === "::1" || /^127\.\d+\.\d+\.\d+$/.test(host);
    return {
      station: name,
      software,
      host,
      port,
      unencrypted: security.unencrypted === "always" || (security.unencrypted === "loopback" && loopback),
      trustAnyClient: security.clients === "any",
      pkiDir: join(stateDir, "opcua", "pki"),
      usersFile: users.file,
      anonymous: users.anonymous,
      results,
      maxSessions,
      cameras: lines.map((line) => line.name),
    };
  }

  #serverChanged(state: ServerState, detail: string): void {
    this.#detail = detail;
    this.#silentBeats = 0;
    if (state !== "listening") {
      this.#sessions = 0;
      this.#feed.close();
    }
    this.#options.onState?.(this.status);
  }

  #take(message: FromServer): void {
    switch (message.type) {
      case "listening":
        this.#reported.clear();
        this.#keeper.send({ type: "history", results: [...this.#results.values()].flat() });
        this.#feed.open();
        return;
      case "done":
        this.#silentBeats = 0;
        this.#feed.done();
        return;
      case "sessions":
        this.#sessions = message.count;
        this.#options.onState?.(this.status);
        return;
      case "call":
        void this.#answer(message.id, message.call);
        return;
      case "failed":
        return; // the keeper tells
    }
  }

  /** The state is sent at each beat too, so that a server that hangs is noticed on an idle line. */
  #checkPulse(): void {
    if (this.#keeper.state !== "listening") return;
    this.#silentBeats = this.#feed.underWay > 0 ? this.#silentBeats + 1 : 0;
    if (this.#silentBeats >= SILENT_BEATS) {
      this.#keeper.kill("it hung");
      return;
    }
    this.#feed.stateChanged();
  }

  async #answer(id: number, call: Call): Promise<void> {
    const answer = await this.#perform(call);
    this.#keeper.send({ type: "answer", id, answer });
    this.#feed.stateChanged();
  }

  async #perform(call: Call): Promise<CallAnswer> {
    if (this.#callsUnderWay >= MAX_CALLS) {
      return { ok: false, why: "busy", message: `${MAX_CALLS} calls are under way; try again later.` };
    }
    this.#callsUnderWay += 1;
    const before = this.#calls.get(call.camera) ?? Promise.resolve();
    const answer = before.then(() => inTime(call, this.#performNow(call)));
    this.#calls.set(call.camera, answer);
    try {
      return await answer;
    } finally {
      this.#callsUnderWay -= 1;
    }
  }

  async #performNow(call: Call): Promise<CallAnswer> {
    const line = this.#line(call.camera);
    if (!line) return { ok: false, why: "invalid-argument", message: `There is no camera ${call.camera}.` };
    const mode = this.#mode(call.camera);
    return performCall(call, {
      actions: this.#options.actions,
      view: () => this.#line(call.camera) ?? line,
      mode,
      recipes: this.#options.view().recipes,
      prepared: this.#prepared,
      newJobId: newId,
      jobEnded: (jobId) => {
        if (mode.job?.id === jobId) mode.job = null;
        this.#feed.stateChanged();
      },
      wait: (ms) => delay(ms, undefined, { ref: false }),
    });
  }

  #stateMessage(): StateMessage {
    const { lines, recipes } = this.#options.view();
    const active = lines.map((line) => line.recipe.id);
    return {
      type: "state",
      lines: lines.map((line) => this.#lineState(line)),
      recipes,
      prepared: [...new Set([...active, ...this.#prepared])],
    };
  }

  #lineState(line: LineView): LineState {
    const mode = this.#mode(line.name);
    if (line.running && !mode.running) mode.held = null; // somebody started it
    mode.running = line.running;
    const state = heldVisionState(line, mode);
    const continuous = state === "ContinuousExecution";
    if (continuous && mode.job?.kind !== "continuous")
      mode.job = { id: newId(), kind: "continuous", measId: null };
    if (!continuous && mode.job?.kind === "continuous" && mode.cause !== "StartContinuous") mode.job = null;
    mode.lastJobId = mode.job?.id ?? mode.lastJobId;
    const changed = this.#reported.get(line.name) !== state;
    this.#reported.set(line.name, state);
    const { cause } = mode;
    if (changed) mode.cause = null;
    return {
      camera: line.name,
      state,
      cause,
      jobId: mode.lastJobId,
      fault: line.fault,
      training: line.training,
      recipe: line.recipe,
    };
  }

  #line(camera: string): LineView | undefined {
    return this.#options.view().lines.find((line) => line.name === camera);
  }

  #mode(camera: string): LineMode {
    const known = this.#modes.get(camera);
    if (known) return known;
    const mode = newLineMode();
    this.#modes.set(camera, mode);
    return mode;
  }
}

function newId(): string {
  return uuid7(Date.now(), randomBytes(10));
}

/** The answer, or after 15 s that there is none. */
function inTime({ method }: Call, answer: Promise<CallAnswer>): Promise<CallAnswer> {
  const { promise, resolve } = Promise.withResolvers<CallAnswer>();
  const timer = setTimeout(() => {
    const message = `${method} was not done within ${CALL_TIMEOUT_MS / 1000} s.`;
    resolve({ ok: false, why: "timeout", message });
  }, CALL_TIMEOUT_MS);
  timer.unref();
  void answer.then(resolve).finally(() => {
    clearTimeout(timer);
  });
  return promise;
}
