import type { IPublishPacket } from "mqtt";
import type { Logger } from "pino";
import { AssaydError, InputError, messageOf } from "../domain/errors.ts";
import { Answered } from "./answered.ts";
import type { Publication } from "./client.ts";
import {
  commandCamera,
  commandName,
  commandParams,
  readEnvelope,
  SECRET_FIELDS,
  type Envelope,
} from "./parse-command.ts";
import { commandSchemas, type CommandName, type CommandParams } from "./schemas/command.ts";
import type { CommandResponse, Transaction } from "./schemas/command.ts";
import { TokenBucket } from "./token-bucket.ts";
import { commandNameOf, type StationTopics } from "./topics.ts";

const IDEMPOTENT_FOR_MS = 600_000; // interfaces.md §3.4: 10 min
const REMEMBERED = 1000;
const AT_ONCE = 32;
const MAX_CORRELATION_BYTES = 64;
const CHANGES_PER_S = 10; // a person or a recipe system; every change is audited, so there must not be thousands
const CHANGES_AT_ONCE = 50;
/** Commands for which no camera means all of them. */
const FOR_ALL: readonly CommandName[] = ["start", "stop", "reset", "counters.reset", "alarm.ack"];
/** Commands that change nothing a person would ask about later: a trigger has its result as record. */
const UNAUDITED: readonly CommandName[] = ["trigger", "snapshot", "config.get", "republish"];
/** Refusals that say nothing about a second try. */
const PASSING: readonly string[] = ["busy", "too-many", "starting"];

/** What a handler gives: done, or begun as a job. */
export interface CommandOutcome {
  readonly status: "ok" | "accepted";
  readonly data?: Readonly<Record<string, unknown>>;
  readonly jobId?: string;
  /** For the audit: what was there before, and what is now. */
  readonly change?: { readonly old: unknown; readonly new: unknown };
}

export interface CommandContext {
  /** The camera named, or the only one; null where the command is for all cameras or for none. */
  readonly camera: string | null;
  /** Who sent it, as far as is known: what he calls himself, else the transaction or correlation. */
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
  readonly camera?: string | null;
  /** What was asked for, where something changed. */
  readonly params?: Readonly<Record<string, unknown>>;
  readonly change?: { readonly old: unknown; readonly new: unknown };
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
  readonly #changes = new TokenBucket(CHANGES_PER_S, CHANGES_AT_ONCE);
  #working = 0;

  constructor(options: CommandsOptions) {
    this.#options = options;
  }

  /** One received message; never throws. Resolves when it is answered. */
  async receive(packet: Pick<IPublishPacket, "topic" | "payload" | "retain" | "properties">): Promise<void> {
    const name = commandNameOf(this.#options.root, packet.topic);
    if (name === null) return;
    const refusal = refusalOf(packet);
    if (refusal !== null) {
      this.#audit({ kind: "command.refused", command: name, by: null, ...refusal });
      return;
    }
    const call: Call = {
      name,
      responseTopic: this.#allowedResponseTopic(name, packet.properties?.responseTopic),
      correlation: packet.properties?.correlationData ?? null,
    };
    const response = await this.#respond(call, Buffer.from(packet.payload));
    if (response !== null) await this.#answer(call, response);
  }

  #allowedResponseTopic(name: string, topic: string | undefined): string | null {
    if (topic === undefined || topic === "") return null;
    const allowed =
      this.#options.responsePrefixes.some((prefix) => topic.startsWith(prefix)) && !/[+#\0]/.test(topic);
    if (allowed) return topic;
    const prefixes = this.#options.responsePrefixes.join(", ");
    const text = `Response topic "${topic.slice(0, 128)}" is not below an allowed prefix (${prefixes}); answered on ${this.#options.topics.response(name)} only.`;
    this.#audit({ kind: "command.refused", command: name, by: null, code: "response-topic", text });
    return null;
  }

  /** The answer, the same one for the same correlation or transaction within 10 minutes; null: dropped without one. */
  async #respond(call: Call, payload: Buffer): Promise<CommandResponse | null> {
    let transaction: Transaction | null = null;
    try {
      const envelope = readEnvelope(payload);
      transaction = envelope.transaction;
      if (this.#hasExpired(call, envelope)) return null;
      const key = idempotencyKey(call, transaction);
      const work = (): Promise<CommandResponse> => this.#work(call, envelope);
      if (key === null) return await work();
      const answer = await this.#answered.once(key, performance.now(), work, isLasting);
      return { ...answer, transaction };
    } catch (error) {
      return this.#failed(call.name, transaction === null ? null : String(transaction), transaction, error);
    }
  }

  #hasExpired({ name }: Call, { expiresAt, by }: Envelope): boolean {
    if (expiresAt === null || this.#options.now() <= expiresAt) return false;
    const text = `The command was to be done until ${new Date(expiresAt).toISOString()}; it came later.`;
    this.#audit({ kind: "command.refused", command: name, by, code: "expired", text });
    return true;
  }

  async #work(call: Call, envelope: Envelope): Promise<CommandResponse> {
    const { transaction } = envelope;
    if (this.#working >= AT_ONCE) {
      const message = `${AT_ONCE} commands are being worked on; send it again later.`;
      return this.#response({ status: "error", transaction, error: { code: "busy", message } });
    }
    this.#working += 1;
    const by = envelope.by ?? (transaction === null ? null : String(transaction)) ?? correlationText(call);
    try {
      if (envelope.problem !== null) throw envelope.problem;
      const name = commandName(call.name);
      const { data, status, jobId } = await this.#handle(name, envelope, by);
      return this.#response({
        status,
        transaction,
        data: { ...data },
        ...(jobId !== undefined && { job_id: jobId }),
      });
    } catch (error) {
      return this.#failed(call.name, by, transaction, error);
    } finally {
      this.#working -= 1;
    }
  }

  async #handle(name: CommandName, envelope: Envelope, by: string | null): Promise<CommandOutcome> {
    const params = commandParams(name, envelope.fields);
    const camera = this.#cameraOf(name, params);
    const isChange = !UNAUDITED.includes(name);
    if (isChange && !this.#changes.take(performance.now())) {
      throw new InputError(
        "too-many",
        `More than ${CHANGES_PER_S} changes a second; send ${name} again in a second.`,
      );
    }
    const handler = this.#options.handlers[name] as CommandHandler;
    const outcome = await handler(params, { camera, by });
    if (isChange) {
      const { status, change } = outcome;
      const kind = "command.done";
      const said = { camera, params: audited(params), ...(change && { change }) };
      this.#audit({ kind, command: name, by, code: null, text: status, ...said });
    }
    return outcome;
  }

  #cameraOf(name: CommandName, params: CommandParams<CommandName>): string | null {
    if (!("camera" in commandSchemas[name].shape)) return null;
    const camera = "camera" in params ? params.camera : undefined;
    if (camera === undefined && FOR_ALL.includes(name)) return null;
    return commandCamera(camera, this.#options.cameras);
  }

  #failed(
    command: string,
    by: string | null,
    transaction: Transaction | null,
    error: unknown,
  ): CommandResponse {
    const expected = error instanceof AssaydError;
    const code = expected ? error.code : "internal";
    if (!expected) this.#options.logger.error({ err: error, command }, "command handler failed");
    const message = messageOf(error);
    this.#audit({ kind: expected ? "command.refused" : "command.failed", command, by, code, text: message });
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

  #audit(entry: CommandAudit): void {
    this.#options.audit({ ...entry, command: entry.command.slice(0, 64) });
  }
}

/** Why a message is dropped without an answer, or null. */
function refusalOf({
  retain,
  properties,
}: Pick<IPublishPacket, "retain" | "properties">): { code: string; text: string } | null {
  if (retain) {
    return {
      code: "retained",
      text: "A retained command would be done again on every connect. Publish it with retain off, and empty the topic.",
    };
  }
  if (properties?.messageExpiryInterval === 0) {
    return { code: "expired", text: "The command's message expiry has passed." };
  }
  const length = properties?.correlationData?.length ?? 0;
  if (length <= MAX_CORRELATION_BYTES) return null;
  return {
    code: "correlation-too-long",
    text: `Correlation data has ${length} bytes; at most ${MAX_CORRELATION_BYTES} are taken.`,
  };
}

/** Parameters for the audit: no key, and no values of settings, which may be secret (the change tells them without). */
function audited(params: CommandParams<CommandName>): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(params).filter(([name]) => !SECRET_FIELDS.includes(name)));
}

function isLasting({ error }: CommandResponse): boolean {
  return error === undefined || !PASSING.includes(error.code);
}

function correlationText({ correlation }: Call): string | null {
  return correlation?.toString("hex") ?? null;
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
