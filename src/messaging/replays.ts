import { InputError, messageOf } from "../domain/errors.ts";
import type { SeqRange, StoredPart } from "../store/protocol.ts";
import type { Publication } from "./client.ts";

const MAX_WAITING = 8;
const CHUNK = 50; // results between two looks at the live queue
const TOO_LARGE_REMEDY = "Ask for it in parts.";

/** What is asked for: sequence numbers, or times (ISO 8601, of the record); both ends included. */
export interface ReplayRequest {
  readonly camera: string;
  readonly from: number | string;
  /** Absent: up to the newest. */
  readonly to?: number | string;
}

export interface ReplayJob {
  readonly id: string;
  readonly camera: string;
  readonly range: SeqRange;
  /** Who asked. */
  readonly by: string;
}

/** How a replay ended; said as event `replay.ended`. */
export interface ReplayEnd extends SeqRange {
  readonly id: string;
  readonly camera: string;
  readonly by: string;
  readonly state: "completed" | "canceled";
  /** Results published. */
  readonly count: number;
  /** Of the range reached so far: no longer, or never, in the history. */
  readonly missing: number;
}

/** Where stored parts come from: the store. */
export interface ReplaySource {
  nextSeq(camera: string): number;
  seqRange(camera: string, from: number, to: number): Promise<SeqRange | null>;
  parts(camera: string, range: SeqRange, limit?: number): Promise<readonly StoredPart[]>;
}

export interface ReplayOptions {
  readonly source: ReplaySource;
  /** The message that a part was published with, marked as historical. */
  readonly resultMessage: (part: StoredPart) => Publication;
  readonly onEnd: (end: ReplayEnd) => void;
  /** There is something to replay. */
  readonly onWork: () => void;
  readonly newId: () => string;
  /** Results of one request. */
  readonly maxResults: number;
  readonly maxPerSecond: number;
}

interface Running extends ReplayJob {
  /** Everything before is published and acknowledged. */
  next: number;
  count: number;
  canceled: boolean;
}

/**
 * Sends stored results again (promises.md R7), one request after the other, at a bounded rate and behind all live ones. What
 * was sent when the connection broke is sent again; requests do not outlive the daemon.
 */
export class Replays {
  readonly #options: ReplayOptions;
  #waiting: Running[] = [];

  constructor(options: ReplayOptions) {
    this.#options = options;
  }

  /** The one that runs, then those that wait. */
  get jobs(): readonly ReplayJob[] {
    return this.#waiting;
  }

  get idle(): boolean {
    return this.#waiting.length === 0;
  }

  /** @throws InputError if the range makes no sense, holds nothing or is too large, or too many wait */
  async request(request: ReplayRequest, by: string): Promise<ReplayJob> {
    const { maxResults, newId, onWork } = this.#options;
    const range = await this.#rangeOf(request);
    const size = range.to - range.from + 1;
    if (size > maxResults) {
      const text = `${request.camera} ${range.from} to ${range.to} are ${size} results; at most ${maxResults} are replayed at once. ${TOO_LARGE_REMEDY}`;
      throw new InputError("replay-too-large", text);
    }
    if (this.#waiting.length >= MAX_WAITING) {
      const text = `${MAX_WAITING} replays wait already. Ask again when event replay.ended has come, or cancel one.`;
      throw new InputError("replay-busy", text);
    }
    const job = { id: newId(), camera: request.camera, range, by };
    this.#waiting.push({ ...job, next: range.from, count: 0, canceled: false });
    onWork();
    return job;
  }

  /** @returns false if there is no such replay, or it has ended */
  cancel(id: string): boolean {
    const job = this.#waiting.find((waiting) => waiting.id === id);
    if (job !== undefined) job.canceled = true;
    this.#options.onWork();
    return job !== undefined;
  }

  /**
   * Publishes the next few results.
   * @param publish resolves when the broker has the message
   * @returns ms to wait before the next call
   * @throws what `publish` or the history throws: the same results come again
   */
  async step(publish: (message: Publication) => Promise<void>): Promise<number> {
    const job = this.#waiting[0];
    if (job === undefined) return 0;
    const { source, resultMessage, maxPerSecond } = this.#options;
    const rest = { from: job.next, to: job.range.to };
    const parts = job.canceled ? [] : await source.parts(job.camera, rest, CHUNK);
    await Promise.all(parts.map((part) => publish(resultMessage(part))));
    job.count += parts.length;
    const last = parts.at(-1)?.inspection.seq;
    if (last !== undefined) job.next = last + 1;
    if (parts.length < CHUNK || job.next > job.range.to) this.#end(job);
    return (parts.length * 1000) / maxPerSecond;
  }

  #end(job: Running): void {
    this.#waiting = this.#waiting.filter((waiting) => waiting !== job);
    const { id, camera, range, by, count, canceled } = job;
    const reached = canceled ? job.next - range.from : range.to - range.from + 1;
    const state = canceled ? "canceled" : "completed";
    this.#options.onEnd({ id, camera, by, state, ...range, count, missing: reached - count });
  }

  async #rangeOf({ camera, from, to }: ReplayRequest): Promise<SeqRange> {
    const { source } = this.#options;
    const newest = source.nextSeq(camera) - 1;
    if (typeof from === "number" && typeof to !== "string")
      return checked(camera, { from, to: Math.min(to ?? newest, newest) }, newest);
    const range = await source
      .seqRange(camera, epochMs("from", from), to === undefined ? Infinity : epochMs("to", to))
      .catch((error: unknown) => {
        throw new InputError("replay-unread", `The history cannot be read now: ${messageOf(error)}`, {
          cause: error,
        });
      });
    if (range === null)
      throw new InputError("replay-empty", `No result of ${camera} was recorded in that time.`);
    return range;
  }
}

function checked(camera: string, { from, to }: SeqRange, newest: number): SeqRange {
  if (Number.isSafeInteger(from) && Number.isSafeInteger(to) && from >= 1 && from <= to) return { from, to };
  throw new InputError(
    "replay-empty",
    `Sequence numbers ${from} to ${to} of ${camera} hold nothing: expected 1 ≤ from ≤ to ≤ ${newest}, the newest.`,
  );
}

function epochMs(name: string, value: number | string): number {
  const isTime = typeof value === "string" && /^\d{4}-\d\d-\d\d/.test(value); // Date.parse takes far more
  const time = isTime ? Date.parse(value) : NaN;
  if (!Number.isNaN(time)) return time;
  throw new InputError(
    "replay-range",
    `"${name}" is ${JSON.stringify(value)}: expected "from" and "to" both as sequence numbers or both as ISO 8601 times, e.g. "2026-02-03T04:05:06Z".`,
  );
}
