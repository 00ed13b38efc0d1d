import type { Frame, Inspection, RecipeIdentity, Size } from "../domain/inspection.ts";
import { MOST_PARTS_UNDER_WAY, type TriggerRequest } from "../domain/station-view.ts";
import type { Collector } from "../training/collect.ts";
import type { Camera } from "./capture/camera.ts";
import { checkQuality } from "../imaging/quality/check-quality.ts";
import type { QualityReference } from "../imaging/quality/quality-reference.ts";
import { checkImage } from "./capture/image-quality.ts";
import type { Thresholds } from "./decide.ts";
import { InOrder } from "./deliver/in-order.ts";
import type { Inspector } from "./infer/inspector.ts";
import { frameAgeMs, Lane, type ActiveModel, type PartEvidence, type Trigger } from "./lane.ts";
import type { CameraLineParts, LineRecipe } from "./line-parts.ts";
import { LineStops, type LineStop } from "./line-stops.ts";
import { ServedBundles } from "./line-bundles.ts";
import { RecentTimes } from "./line-times.ts";
import { Triggering } from "./triggers/triggering.ts";

const NO_MODEL =
  "there is no trained model yet; collect normal parts and train (cmd/collect.start, cmd/train.start)";
const IDLE_POLL_MS = 2;
/** A camera that needs more to open again is no part of a change-over. */
const LONGEST_REOPEN_MS = 5000;
/** On top of stall time-out and deadline before silence counts as no progress. */
const SILENCE_GRACE_MS = 2000;

/** One camera with its lane, trigger, collector and thresholds: everything between a trigger and a delivered verdict. */
export class CameraLine {
  readonly #parts: CameraLineParts;
  readonly #lane: Lane;
  readonly #triggering: Triggering;
  readonly #records: InOrder<readonly [Inspection, PartEvidence]>;
  readonly stops = new LineStops();
  /** Of the newest parts, trigger to verdict. */
  readonly times = new RecentTimes();
  readonly #served = new ServedBundles();
  #lastVerdictMono: number;
  #nextSeq: number;
  #triggers = 0;
  #recipe: LineRecipe;
  #bypass = false;
  /** Parts seen before may be of another product than the recipe's. Monotonic ms. */
  #heldUntil = -Infinity;
  /** Why there is no model, where that is not for want of training. */
  #modelProblem: string | null = null;

  constructor(parts: CameraLineParts) {
    this.#parts = parts;
    this.#recipe = parts.recipe;
    this.#nextSeq = parts.firstSeq;
    this.#lastVerdictMono = parts.clock.mono();
    this.#records = new InOrder(parts.firstSeq, ([inspection, evidence]) => {
      parts.onRecord(inspection, evidence);
    });
    this.#lane = this.#createLane();
    this.#triggering = this.#createTriggering();
  }

  get name(): string {
    return this.#parts.config.name;
  }

  get recipe(): string {
    return this.#recipe.identity.id;
  }

  get recipeIdentity(): RecipeIdentity {
    return this.#recipe.identity;
  }

  get lineRecipe(): LineRecipe {
    return this.#recipe;
  }

  /** True while every part passes unjudged. */
  get bypass(): boolean {
    return this.#bypass;
  }

  set bypass(on: boolean) {
    this.#bypass = on;
  }

  get camera(): Camera {
    return this.#parts.camera;
  }

  get collector(): Collector {
    return this.#recipe.collector;
  }

  get inspector(): Inspector {
    return this.#parts.inspector;
  }

  /** `seq` of the newest part. */
  get lastSeq(): number {
    return this.#nextSeq - 1;
  }

  /** True if parts come without being asked for. */
  get freeRunning(): boolean {
    return this.#triggering.freeRunning;
  }

  /** False if verdicts should come by themselves (a camera that plays, a free-running trigger) and none does. */
  get progressing(): boolean {
    const { config, clock, camera } = this.#parts;
    if (!this.freeRunning || !camera.status.connected) return true;
    const patienceMs = config.stallTimeoutMs + this.#recipe.deadlineMs + SILENCE_GRACE_MS;
    return clock.mono() - this.#lastVerdictMono < patienceMs + this.#expectedGapMs();
  }

  get lane(): Lane {
    return this.#lane;
  }

  /** What judges the next part, or in words why nothing does. */
  get model(): ActiveModel | string {
    const { ready, bundleId } = this.#parts.inspector.status;
    const stop = this.stops.held ?? this.fault?.text;
    if (stop !== undefined) return stop;
    if (bundleId === null) return this.#modelProblem ?? NO_MODEL;
    if (!ready) return `the inference process of ${bundleId} is starting`;
    const thresholds = this.thresholdsOf(bundleId);
    if (!thresholds) return `model ${bundleId} has no threshold`;
    return { bundleId, thresholds, infer: (frame, timeoutMs) => this.#infer(frame, thresholds, timeoutMs) };
  }

  /** Says why the active model could not be loaded; parts get it as their detail until another one is. */
  set modelProblem(problem: string | null) {
    this.#modelProblem = problem;
  }

  /** What keeps it from judging though camera and model work. */
  get fault(): LineStop | null {
    return this.stops.fault ?? this.#triggering.fault;
  }

  /** Judges again after a stop, counting anew. @returns what it was stopped for */
  reset(): LineStop | null {
    this.#recipe.policy.clear();
    return this.stops.reset();
  }

  /** Resolves when the parts that are under way have their answers, at their deadlines at the latest. */
  async idle(): Promise<void> {
    while (this.#lane.inFlight > 0) await new Promise((resolve) => setTimeout(resolve, IDLE_POLL_MS));
  }

  /**
   * Judges no part that is seen until the answer is called: it may be of either product. Holds add up.
   * @param why for people
   */
  hold(why: string): () => void {
    const release = this.stops.hold(why);
    return () => {
      release();
      this.#heldUntil = this.#parts.clock.mono();
    };
  }

  /** From the next part on. The line must be held and idle. */
  useRecipe(recipe: LineRecipe): void {
    this.#recipe = recipe;
    this.#modelProblem = null;
  }

  /** Pictures of this size from now on. Resolves when the camera gives them, or is a fault of its own. */
  async usePictureSize(size: Size): Promise<void> {
    const { camera, clock } = this.#parts;
    if (!camera.resize(size)) return;
    const until = clock.mono() + LONGEST_REOPEN_MS;
    while (!camera.status.connected && clock.mono() < until)
      await new Promise((resolve) => setTimeout(resolve, IDLE_POLL_MS));
  }

  /** Sets the limits of a bundle; takes effect on the next part. */
  setThresholds(bundleId: string, thresholds: Thresholds): void {
    this.#served.setThresholds(bundleId, thresholds);
  }

  thresholdsOf(bundleId: string): Thresholds | null {
    return this.#served.get(bundleId)?.thresholds ?? null;
  }

  /** Loads a bundle and switches to it; the old one judges until then. @param reference what its good parts looked like */
  async load(
    bundleDir: string,
    bundleId: string,
    thresholds: Thresholds,
    reference: QualityReference | null = null,
  ): Promise<void> {
    await this.#served.change(bundleId, { thresholds, reference }, () =>
      this.#parts.inspector.load(bundleDir),
    );
  }

  start(): void {
    this.#parts.camera.start();
    this.beginTriggering();
  }

  async stop(): Promise<void> {
    this.endTriggering();
    await this.#triggering.close();
    await this.#parts.camera.stop();
    this.#parts.inspector.stop();
    await this.#recipe.collector.stop();
  }

  /** Goes on inspecting (cmd/start). */
  beginTriggering(): void {
    this.#lane.running = true;
    this.#triggering.start();
  }

  /** No parts by itself any more; a trigger that comes all the same is answered `ERR not_ready` (cmd/stop). */
  endTriggering(): void {
    this.#lane.running = false;
    this.#triggering.stop();
  }

  /** Inspects one part, after the delay of its trigger. */
  async trigger(request: TriggerRequest): Promise<Inspection> {
    const triggerId = request.triggerId ?? this.#newTriggerId();
    const { partId = null, tag, missed } = request;
    if (missed === true)
      return this.#lane.trigger({ triggerId, partId, tag: tag ?? null, lost: "not_ready" as const });
    const at = this.#parts.clock.mono();
    return new Promise((answerTo) => {
      this.#triggering.edge({ at, triggerId, partId, ...(tag !== undefined && { tag }), answerTo });
    });
  }

  /** The conveyor's encoder, as the PLC wrote it. @param at monotonic ms @returns false if parts may have gone by unseen */
  encoder(counts: number, at: number): boolean {
    return this.#triggering.encoder(counts, at);
  }

  /** A frame of a camera whose every frame is a part; `missed` frames before it were lost in the pipeline. */
  takeFrame(frame: Frame, missed: number): void {
    const { clock, camera } = this.#parts;
    const { fps } = camera.status;
    const periodMs = fps > 0 ? 1000 / fps : 0;
    const ageMs = frameAgeMs(frame, clock);
    const takenAt = clock.mono() - ageMs;
    for (let before = missed; before > 0; before -= 1) {
      const at = takenAt - before * periodMs; // where it is on the belt
      void this.#lane.trigger({ triggerId: this.#newTriggerId(), partId: null, lost: "overrun", at });
    }
    const late = ageMs > this.#recipe.deadlineMs ? { lost: "late" as const } : this.#lostInHold(takenAt);
    const lost = camera.status.frozen ? { lost: "stale_frame" as const } : late;
    void this.#lane.trigger({ triggerId: this.#newTriggerId(), partId: null, frame, ...lost });
  }

  /** The newest picture, outside of any inspection (cmd/snapshot). @throws CaptureError if there is none */
  async snapshot(): Promise<Frame> {
    return this.#parts.camera.grab({ mode: "latest", maxAgeMs: 1000, timeoutMs: 2000 });
  }

  #createTriggering(): Triggering {
    const { config, camera, triggerSource } = this.#parts;
    return new Triggering({
      trigger: config.trigger,
      filter: config.triggerFilter,
      source: triggerSource ?? null,
      stream: (on) => {
        camera.stream(on);
      },
      fire: ({ edge, at, tooClose }) => {
        const { triggerId = this.#newTriggerId(), partId = null, tag = null } = edge;
        const lost = tooClose ? { lost: "overrun" as const } : this.#lostInHold(edge.at);
        const inspection = this.#lane.trigger({ triggerId, partId, tag, at, ...lost });
        edge.answerTo?.(inspection);
      },
    });
  }

  #createLane(): Lane {
    const { config, camera, clock, session, newId, onVerdict } = this.#parts;
    return new Lane({
      camera: config.name,
      session,
      recipe: () => this.#recipe,
      maxInFlight: MOST_PARTS_UNDER_WAY,
      clock,
      newId,
      nextSeq: () => this.#nextSeq++,
      bypass: () => this.#bypass,
      model: () => this.model,
      grab: (timeoutMs) => camera.grab({ mode: config.frameMode, maxAgeMs: config.maxFrameAgeMs, timeoutMs }),
      checkImage: (frame) => this.#wrongWith(frame),
      onPart: (part) => this.#parts.gate?.part(part),
      onPicture: (triggerId) => this.#parts.onPicture?.(triggerId),
      onVerdict: (inspection, evidence) => {
        this.#parts.gate?.verdict(inspection.seq, inspection.action);
        this.#lastVerdictMono = clock.mono();
        this.times.add(inspection.times.totalMs);
        onVerdict(inspection);
        this.#followPolicy(inspection);
        if (evidence.frame && this.#isWorthKeeping(evidence.frame, inspection))
          this.#recipe.collector.offer(evidence.frame);
        this.#records.push(inspection.seq, [inspection, evidence]);
      },
    });
  }

  /** Parts that came while the line was not ready say nothing of the process. */
  #followPolicy({ verdict, reason }: Inspection): void {
    if (reason === "not_ready" || reason === "manual") return;
    const stop = this.#recipe.policy.note(verdict);
    if (stop === null || this.stops.stopped !== null) return;
    this.stops.stop(stop);
    this.#parts.onStop(stop);
  }

  /** False for pictures that must not be learnt from: black, flat, frozen. A part that was not judged was not checked either. */
  #isWorthKeeping(frame: Frame, { reason, recipe }: Inspection): boolean {
    if (this.stops.held !== null || recipe.id !== this.recipe) return false; // which product it shows is not known
    if (!this.#recipe.collector.status.active || reason === "image_quality" || reason === "stale_frame")
      return false;
    if (this.#parts.hasRoom?.() === false) return false;
    return reason === "score" || this.#wrongWith(frame) === null;
  }

  /** Why a picture cannot be judged: black, white, flat, or beyond the recipe's limits against its good parts; or null. */
  #wrongWith(frame: Frame): string | null {
    if (!this.#parts.config.checkImage) return null;
    const reference = this.#served.get(this.#parts.inspector.status.bundleId)?.reference ?? null;
    return checkImage(frame.data) ?? checkQuality(frame, reference, this.#recipe.quality);
  }

  /** What is said of a part that was seen before the last change-over had ended. @param seenAt monotonic ms */
  #lostInHold(seenAt: number): Pick<Trigger, "lost"> {
    return seenAt < this.#heldUntil ? { lost: "not_ready" } : {};
  }

  async #infer(frame: Frame, thresholds: Thresholds, timeoutMs: number) {
    return this.#parts.inspector.infer(frame.data, {
      threshold: thresholds.warn ?? thresholds.reject,
      wantMap: this.#parts.wantMap(),
      timeoutMs,
    });
  }

  /** Time between two parts, where the trigger says it. */
  #expectedGapMs(): number {
    const { trigger, source } = this.#parts.config;
    if (trigger.kind === "rate") return 1000 / trigger.partsPerSecond;
    return "fps" in source && source.fps !== undefined ? 1000 / source.fps : 0;
  }

  #newTriggerId(): string {
    this.#triggers += 1;
    return `${this.name}-${this.#triggers}`;
  }
}
