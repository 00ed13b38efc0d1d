import type { IPublishPacket } from "mqtt";
import type { Logger } from "pino";
import { AssaydError, messageOf } from "../domain/errors.ts";
import { Answered } from "./answered.ts";
import type { Publication } from "./client.ts";
import { commandCamera, commandName, commandParams, readEnvelope, type Envelope } from "./parse-command.ts";
import type { CommandName, CommandParams, CommandResponse, Transaction } from "./schemas/command.ts";
import { commandNameOf, type StationTopics } from "./topics.ts";

const IDEMPOTENT_FOR_MS = 600_000; // interfaces.md §3.4: 10 min
const REMEMBERED = 1000;
const AT_ONCE = 32;
const MAX_CORRELATION_BYTES = 64;
/** Commands for which no camera means all of them. */
const FOR_ALL: readonly CommandName[] = ["start", "stop"];

/** What a handler gives: done, or begun as a job. */
export interface CommandOutcome {
  readonly status: "ok" | "accepted";
  readonly data?: Readonly<Record<string, unknown>>;
  readonly jobId?: string;
}

export interface CommandContext {
  /** The camera named, or the only one; null where the command is for all cameras or for none. */
  readonly camera: string | null;
  /** Who sent it, as far as MQTT tells: the transaction or correlation. */
  readonly by: string | null;
}

/** One function a command. What it throws becomes the error answer (`code` of an AssaydError, else `internal`). */
export type CommandHandlers = {
  readonly [N in CommandName]: (params: CommandParams<N>, context: CommandContext) => Promise<CommandOutcome>;
};

type CommandHandler = (
  params: CommandParams<CommandName>,
  context: CommandContext,
) => Promise<CommandOutcome>;

/** What was done or refused, for the event topic and the log. */
export interface CommandAudit {
  readonly kind: "command.done" | "command.refused" | "command.failed";
  readonly command: string;
  readonly by: string | null;
  readonly code: string | null;
  readonly text: string;
}

export interface CommandsOptions {
  readonly root: string;
  readonly topics: StationTopics;
  readonly cameras: readonly string[];
  readonly handlers: CommandHandlers;
  /** Response topics must begin with one of these: the broker's access list is ours, not the caller's. */
  readonly responsePrefixes: readonly string[];
  readonly publish: (message: Publication) => Promise<void>;
  readonly audit: (entry: CommandAudit) => void;
  readonly logger: Logger;
  /** Epoch ms. */
  readonly now: () => number;
}

interface Call {
  readonly name: string;
  readonly responseTopic: string | null;
  readonly correlation: Buffer | null;
}

/** Takes commands from `{root}/cmd/#`, validates them strictly, calls the handler once, answers every caller. */
export class Commands {
  readonly #options: CommandsOptions;
  readonly #answered = new Answered<CommandResponse>(IDEMPOTENT_FOR_MS, REMEMBERED);
  #working = 0;

  constructor(options: CommandsOptions) {
    this.#options = options;
  }

  /** One received message; never throws. Resolves when it is answered. */
  async receive(packet: Pick<IPublishPacket, "topic" | "payload" | "retain" | "properties">): Promise<void> {
    const name = commandNameOf(this.#options.root, packet.topic);
    if (name === null) return;
    const refusal = this.#refusal(packet);
    if (refusal !== null) {
      this.#audit("command.refused", name, null, refusal.code, refusal.text);
      return;
    }
    const call: Call = {
      name,
      responseTopic: this.#allowedResponseTopic(name, packet.properties?.responseTopic),
      correlation: packet.properties?.correlationData ?? null,
    };
    await this.#answer(call, await this.#respond(call, Buffer.from(packet.payload)));
  }

  /** Why a message is dropped without an answer. */
  #refusal({
    retain,
    properties,
  }: Pick<IPublishPacket, "retain" | "properties">): { code: string; text: string } | null {
    if (retain) {
      return {
        code: "retained",
        text: "A retained command would be done again on every connect. Publish it with retain off, and empty the topic.",
      };
    }
    const length = properties?.correlationData?.length ?? 0;
    if (length <= MAX_CORRELATION_BYTES) return null;
    return {
      code: "correlation-too-long",
      text: `Correlation data has ${length} bytes; at most ${MAX_CORRELATION_BYTES} are taken.`,
    };
  }

  #allowedResponseTopic(name: string, topic: string | undefined): string | null {
    if (topic === undefined || topic === "") return null;
    const allowed =
      this.#options.responsePrefixes.some((prefix) => topic.startsWith(prefix)) && !/[+#\0]/.test(topic);
    if (allowed) return topic;
    const prefixes = this.#options.responsePrefixes.join(", ");
    const text = `Response topic "${topic.slice(0, 128)}" is not below an allowed prefix (${prefixes}); answered on ${this.#options.topics.response(name)} only.`;
    this.#audit("command.refused", name, null, "response-topic", text);
    return null;
  }

  /** The answer; the same one for the same correlation or transaction within 10 minutes. */
  async #respond(call: Call, payload: Buffer): Promise<CommandResponse> {
    let transaction: Transaction | null = null;
    try {
      const envelope = readEnvelope(payload);
      transaction = envelope.transaction;
      const key = idempotencyKey(call, transaction);
      const work = (): Promise<CommandResponse> => this.#work(call, envelope);
      const answer = await (key === null ? work() : this.#answered.once(key, performance.now(), work));
      return { ...answer, transaction };
    } catch (error) {
      return this.#failed(call.name, transaction, error);
    }
  }

  async #work(call: Call, envelope: Envelope): Promise<CommandResponse> {
    const { transaction } = envelope;
    if (this.#working >= AT_ONCE) {
      return this.#response({
        status: "error",
        transaction,
        error: { code: "busy", message: `${AT_ONCE} commands are being worked on; send it again later.` },
      });
    }
    this.#working += 1;
    const by = transaction === null ? (call.correlation?.toString("hex") ?? null) : String(transaction);
    try {
      const name = commandName(call.name);
      const { data, status, jobId } = await this.#handle(name, envelope, by);
      this.#audit("command.done", name, by, null, status);
      return this.#response({
        status,
        transaction,
        data: { ...data },
        ...(jobId !== undefined && { job_id: jobId }),
      });
    } catch (error) {
      return this.#failed(call.name, transaction, error);
    } finally {
      this.#working -= 1;
    }
  }

  #handle(name: CommandName, envelope: Envelope, by: string | null): Promise<CommandOutcome> {
    const params = commandParams(name, envelope.fields);
    const handler = this.#options.handlers[name] as CommandHandler;
    return handler(params, { camera: this.#cameraOf(name, params), by });
  }

  #cameraOf(name: CommandName, params: CommandParams<CommandName>): string | null {
    if (name === "republish" || name === "train.cancel") return null;
    const camera = "camera" in params ? params.camera : undefined;
    if (camera === undefined && FOR_ALL.includes(name)) return null;
    return commandCamera(camera, this.#options.cameras);
  }

  #failed(name: string, transaction: Transaction | null, error: unknown): CommandResponse {
    const expected = error instanceof AssaydError;
    const code = expected ? error.code : "internal";
    if (!expected) this.#options.logger.error({ err: error, command: name }, "command handler failed");
    const message = messageOf(error);
    this.#audit(
      expected ? "command.refused" : "command.failed",
      name,
      transaction === null ? null : String(transaction),
      code,
      message,
    );
    return this.#response({ status: "error", transaction, error: { code, message } });
  }

  #response(
    fields: Omit<CommandResponse, "ts" | "data"> & { data?: Record<string, unknown> },
  ): CommandResponse {
    return { data: {}, ...fields, ts: new Date(this.#options.now()).toISOString() } as CommandResponse;
  }

  async #answer(call: Call, response: CommandResponse): Promise<void> {
    const payload = JSON.stringify(response);
    const own = this.#options.topics.response(answerLevel(call.name));
    const asked =
      call.responseTopic === null || call.responseTopic === own ? [own] : [call.responseTopic, own];
    const correlation = call.correlation === null ? {} : { correlationData: call.correlation };
    for (const topic of asked) {
      try {
        await this.#options.publish({ topic, payload, qos: 1, retain: false, ...correlation });
      } catch (error) {
        this.#options.logger.warn({ topic, err: error }, "command answer not delivered");
      }
    }
  }

  #audit(
    kind: CommandAudit["kind"],
    command: string,
    by: string | null,
    code: string | null,
    text: string,
  ): void {
    this.#options.audit({ kind, command: command.slice(0, 64), by, code, text });
  }
}

/** Null without correlation and transaction: such a command is done each time it arrives. */
function idempotencyKey(
  { name, responseTopic, correlation }: Call,
  transaction: Transaction | null,
): string | null {
  if (correlation !== null) return `${name}\0${responseTopic ?? ""}\0${correlation.toString("hex")}`;
  return transaction === null ? null : `${name}\0${typeof transaction}\0${transaction}`;
}

/** Unknown names come from the caller's topic; keep the answer's topic within one level and short. */
function answerLevel(name: string): string {
  const level = name.replace(/[^A-Za-z0-9._-]/g, "_").slice(0, 64);
  return level === "" ? "unknown" : level;
}
