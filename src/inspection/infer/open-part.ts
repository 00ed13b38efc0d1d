import { InferenceError } from "../../domain/errors.ts";
import type { WaitingPart } from "./part-queue.ts";
import type { Answer, MapWish } from "./protocol.ts";

/** What is asked about one picture. */
export interface InferOptions {
  /** Regions are those of the map above this. */
  readonly threshold: number;
  readonly wantMap: MapWish;
  /** Rejected as `late` after this; a part still waiting is then never run. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
}

/** What the model says of one picture. */
export interface Scored extends Omit<Answer, "requestId"> {
  /** The bundle that scored it: during a swap the old one answers what it was given. */
  readonly bundleId: string;
  /** All the time from the call to the answer in which the model was not running: queues and the way there and back. */
  readonly queueMs: number;
}

export interface PartQuestion {
  readonly id: number;
  readonly camera: string;
  readonly bundle: number;
  readonly data: Uint8Array;
  readonly options: InferOptions;
  /** Monotonic ms. */
  readonly requestedAt: number;
  /** Expected time of the model. */
  readonly costMs: number;
}

/** A part that has no answer yet. What comes after its first end is dropped. */
export interface OpenPart extends PartQuestion, WaitingPart {
  resolve(scored: Scored): void;
  reject(error: InferenceError): void;
}

/**
 * Opens a part: it ends with its answer, at its deadline (`late`) or when its caller gives it up (`aborted`).
 * @param onGiveUp called if it ends without an answer
 */
export function openPart(
  question: PartQuestion,
  onGiveUp: (part: OpenPart) => void,
): { part: OpenPart; scored: Promise<Scored> } {
  const { timeoutMs, signal } = question.options;
  const { promise, resolve, reject } = Promise.withResolvers<Scored>();
  const timer = setTimeout(() => {
    part.reject(new InferenceError("late", `No score within ${Math.round(timeoutMs)} ms.`));
  }, timeoutMs);
  const onAbort = (): void => {
    part.reject(new InferenceError("aborted", "The inspection was given up."));
  };
  signal?.addEventListener("abort", onAbort, { once: true });
  const end = (): void => {
    clearTimeout(timer);
    signal?.removeEventListener("abort", onAbort);
  };
  const part: OpenPart = {
    ...question,
    deadline: question.requestedAt + timeoutMs,
    resolve: (scored) => {
      end();
      resolve(scored);
    },
    reject: (error) => {
      end();
      onGiveUp(part);
      reject(error);
    },
  };
  return { part, scored: promise };
}
