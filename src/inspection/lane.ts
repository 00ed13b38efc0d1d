import type { Frame, Inspection, Reason, RecipeIdentity, Region, Size } from "../domain/inspection.ts";
import { AssaydError, messageOf } from "../domain/errors.ts";
import type { Decision, Thresholds } from "./decide.ts";

/** What the inference process says of one frame. */
export interface Judgement {
  readonly score: number;
  readonly regions: readonly Region[];
  readonly map: { readonly size: Size; readonly values: Float32Array } | null;
  readonly queueMs: number;
  readonly inferMs: number;
}

const LOST_WORDS = {
  overrun: "the picture of this part was lost in the camera's pipeline",
  stale_frame: "the camera sends the same picture again and again",
  late: "the picture came later than the part's deadline",
  not_ready:
    "it was triggered although the station had said that it is not ready, or before the recipe was changed",
} as const satisfies Partial<Record<Reason, string>>;

/** No camera's queue is longer. */
const OLDEST_FRAME_MS = 10_000;

/** One request to inspect one part. */
export interface Trigger {
  readonly triggerId: string;
  readonly partId: string | null;
  /** A PLC's number for the part. */
  readonly tag?: number | null;
  /** When the part was seen, monotonic ms; left out: now. The deadline counts from here. */
  readonly at?: number;
  /** The picture, where the camera's frame is itself the trigger; else it is grabbed. */
  readonly frame?: Frame;
  /** A part that is known to be lost before anything could be done for it (a frame dropped by the pipeline, a trigger out of turn). */
  readonly lost?: keyof typeof LOST_WORDS;
}

/** The model that judges a part. It is asked for at the moment of inference: a promotion takes effect on the next part. */
export interface ActiveModel {
  readonly bundleId: string;
  readonly thresholds: Thresholds;
  readonly infer: (frame: Frame, timeoutMs: number) => Promise<Judgement>;
}

export interface LaneParts {
  readonly camera: string;
  readonly session: string;
  /** What holds for the next part. */
  readonly recipe: () => LaneRecipe;
  /** Parts that may be under way at once; one more is `overrun`. */
  readonly maxInFlight: number;
  readonly clock: LaneClock;
  readonly nextSeq: () => number;
  readonly newId: () => string;
  /** True while parts pass unjudged; left out: never. */
  readonly bypass?: () => boolean;
  /** The active model, or in words why there is none. */
  readonly model: () => ActiveModel | string;
  readonly grab: (timeoutMs: number) => Promise<Frame>;
  /** Says what is wrong with a picture (black, flat, frozen), or null. */
  readonly checkImage: (frame: Frame) => string | null;
  /** A part entered, before anything else is done for it: the reject output follows it from here. @param at monotonic ms */
  readonly onPart?: (part: { readonly seq: number; readonly at: number }) => void;
  /** Its picture is taken: the part may move on. */
  readonly onPicture?: (triggerId: string) => void;
  /** Called exactly once a trigger, no later than its deadline (plus the timer's own delay). The reject output comes first here. */
  readonly onVerdict: (inspection: Inspection, evidence: PartEvidence) => void;
}

/** Fixed for a part at its trigger, so that no part is ever judged by two recipes. */
export interface LaneRecipe {
  readonly identity: RecipeIdentity;
  /** Trigger to verdict; later is `ERR late`. */
  readonly deadlineMs: number;
  /** The verdict on a score. */
  readonly decide: (score: number, thresholds: Thresholds) => Decision;
}

export interface LaneClock {
  /** Epoch ms. */
  readonly wall: () => number;
  /** Monotonic ms. */
  readonly mono: () => number;
}

/** The pictures of a judged part; each null if it was never reached. */
export interface PartEvidence {
  readonly frame: Frame | null;
  readonly map: Judgement["map"];
}

interface Part {
  readonly trigger: Trigger;
  readonly recipe: LaneRecipe;
  readonly seq: number;
  readonly triggeredAt: number;
  readonly startMono: number;
  model: ActiveModel | null;
  frame: Frame | null;
  captureMs: number | null;
}

interface Outcome {
  readonly reason: Reason;
  readonly detail: string | null;
  readonly judgement: Judgement | null;
}

/** One camera's data path: trigger → frame → inference → verdict, exactly one verdict a trigger, by the deadline. */
export class Lane {
  readonly #parts: LaneParts;
  #inFlight = 0;
  /** Parts that are not judged and wait for their picture only. */
  #grabs = 0;
  #running = true;

  constructor(parts: LaneParts) {
    this.#parts = parts;
  }

  get inFlight(): number {
    return this.#inFlight;
  }

  /** A halted lane answers every trigger with `ERR not_ready`. */
  set running(running: boolean) {
    this.#running = running;
  }

  get running(): boolean {
    return this.#running;
  }

  /** Inspects one part. Never rejects: whatever goes wrong becomes an `ERR` with its reason. */
  async trigger(trigger: Trigger): Promise<Inspection> {
    const model = this.#parts.model();
    const now = this.#parts.clock.mono();
    const startMono = Math.min(now, trigger.at ?? now);
    const part: Part = {
      trigger,
      recipe: this.#parts.recipe(),
      seq: this.#parts.nextSeq(),
      triggeredAt: this.#parts.clock.wall() - (now - startMono),
      startMono,
      model: typeof model === "string" ? null : model,
      frame: trigger.frame ?? null,
      captureMs: trigger.frame ? 0 : null,
    };
    const ageMs = trigger.frame ? frameAgeMs(trigger.frame, this.#parts.clock) : 0;
    this.#parts.onPart?.({ seq: part.seq, at: startMono - ageMs });
    if (trigger.frame) this.#parts.onPicture?.(trigger.triggerId);
    if (this.#parts.bypass?.() === true) return this.#finish(part, BYPASSED);
    const refusal = this.#refusal(trigger, model);
    if (refusal && !trigger.frame && trigger.lost === undefined && refusal.reason === "not_ready") {
      return this.#finish(part, await this.#grabOnly(part, refusal)); // still collects pictures while there is no model
    }
    if (refusal) return this.#finish(part, refusal);
    this.#inFlight += 1;
    try {
      return this.#finish(part, await this.#beforeDeadline(part, this.#judge(part)));
    } finally {
      this.#inFlight -= 1;
    }
  }

  #refusal(trigger: Trigger, model: ActiveModel | string): Outcome | null {
    if (trigger.lost) return failure(trigger.lost, LOST_WORDS[trigger.lost]);
    if (!this.#running) return failure("not_ready", "inspection is stopped; send cmd/start");
    if (typeof model === "string") return failure("not_ready", model);
    if (this.#inFlight >= this.#parts.maxInFlight) {
      return failure(
        "overrun",
        `${this.#inFlight} parts are still under way; triggers come faster than they can be judged`,
      );
    }
    return null;
  }

  async #grabOnly(part: Part, refusal: Outcome): Promise<Outcome> {
    if (!this.#running || this.#grabs >= this.#parts.maxInFlight) return refusal;
    this.#grabs += 1;
    const grabbed = this.#capture(part).then(
      () => refusal,
      (error: unknown) => ({ ...refusal, detail: `${messageOf(error)} Besides, ${refusal.detail ?? ""}` }),
    );
    try {
      return await this.#beforeDeadline(part, grabbed);
    } finally {
      this.#grabs -= 1;
    }
  }

  async #judge(part: Part): Promise<Outcome> {
    const frame = await this.#capture(part);
    const fault = this.#parts.checkImage(frame);
    if (fault) return failure("image_quality", fault);
    const model = this.#parts.model();
    if (typeof model === "string") return failure("not_ready", model);
    const { id } = this.#parts.recipe().identity;
    if (id !== part.recipe.identity.id)
      return failure("not_ready", `the recipe was changed to ${id} while this part was under way`);
    part.model = model;
    const judgement = await model.infer(frame, this.#remainingMs(part));
    return { reason: "score", detail: null, judgement };
  }

  async #capture(part: Part): Promise<Frame> {
    if (part.frame) return part.frame;
    const frame = await this.#parts.grab(this.#remainingMs(part));
    part.captureMs = this.#parts.clock.mono() - part.startMono;
    part.frame = frame;
    this.#parts.onPicture?.(part.trigger.triggerId);
    return frame;
  }

  #remainingMs(part: Part): number {
    return Math.max(0, part.startMono + part.recipe.deadlineMs - this.#parts.clock.mono());
  }

  /** The outcome of `work`, or `late` at the deadline; what `work` gives after that is dropped. */
  async #beforeDeadline(part: Part, work: Promise<Outcome>): Promise<Outcome> {
    let timer: NodeJS.Timeout | undefined;
    const deadline = new Promise<Outcome>((resolve) => {
      const expire = (): void => {
        resolve(this.#lateOutcome(part));
      };
      timer = setTimeout(expire, this.#remainingMs(part));
    });
    try {
      const outcome = await Promise.race([work.catch(failureOf), deadline]);
      const isLate = outcome.judgement !== null && this.#remainingMs(part) === 0; // our own loop was held up: the timer comes too late
      return isLate ? this.#lateOutcome(part) : outcome;
    } finally {
      clearTimeout(timer);
    }
  }

  #lateOutcome(part: Part): Outcome {
    const missing = part.frame ? "no verdict from the model" : "no picture from the camera";
    return failure(part.frame ? "late" : "no_frame", `${missing} within ${part.recipe.deadlineMs} ms`);
  }

  #finish(part: Part, outcome: Outcome): Inspection {
    const inspection = this.#inspection(part, outcome);
    this.#parts.onVerdict(inspection, { frame: part.frame, map: outcome.judgement?.map ?? null });
    return inspection;
  }

  #inspection(part: Part, { reason, detail, judgement }: Outcome): Inspection {
    const thresholds = part.model?.thresholds ?? null;
    const decision =
      judgement && thresholds ? part.recipe.decide(judgement.score, thresholds) : unjudged(reason);
    return {
      inspectionId: this.#parts.newId(),
      session: this.#parts.session,
      seq: part.seq,
      camera: this.#parts.camera,
      triggerId: part.trigger.triggerId,
      partId: part.trigger.partId,
      tag: part.trigger.tag ?? null,
      recipe: part.recipe.identity,
      ...decision,
      reason,
      detail,
      score: judgement?.score ?? null,
      threshold: thresholds?.reject ?? null,
      warnThreshold: thresholds?.warn ?? null,
      regions: decision.verdict === "OK" ? [] : (judgement?.regions ?? []),
      times: {
        triggeredAt: part.triggeredAt,
        capturedAt: part.frame?.capturedAt ?? null,
        captureMs: part.captureMs,
        queueMs: judgement?.queueMs ?? null,
        inferMs: judgement?.inferMs ?? null,
        totalMs: this.#parts.clock.mono() - part.startMono,
        deadlineMs: part.recipe.deadlineMs,
      },
      bundleId: part.model?.bundleId ?? null,
      frameId: part.frame?.id ?? null,
      simulated: part.frame?.simulated ?? false,
      truth: part.frame?.truth ?? null,
    };
  }
}

/** How long ago a picture was taken, ms. One that seems older than any can be was under way while the clock was set: 0. */
export function frameAgeMs({ capturedAt }: Pick<Frame, "capturedAt">, clock: LaneClock): number {
  const ageMs = clock.wall() - capturedAt;
  return ageMs > 0 && ageMs <= OLDEST_FRAME_MS ? ageMs : 0;
}

const BYPASSED: Outcome = {
  reason: "manual",
  detail: "bypass is on: the part passes unjudged",
  judgement: null,
};

/** Only a bypass, which somebody switched on, lets a part pass that was not judged. */
function unjudged(reason: Reason): Decision {
  return reason === "manual" ? { verdict: "WARN", action: "pass" } : { verdict: "ERR", action: "reject" };
}

function failure(reason: Reason, detail: string): Outcome {
  return { reason, detail, judgement: null };
}

const REASON_CODES: ReadonlySet<string> = new Set(["no_frame", "stale_frame", "image_quality", "late"]);

/** Errors of camera and inference may carry the reason as their code; everything else that stops a part is the model's side. */
function failureOf(error: unknown): Outcome {
  if (error instanceof AssaydError && REASON_CODES.has(error.code))
    return failure(error.code as Reason, error.message);
  return failure("model_error", messageOf(error));
}
