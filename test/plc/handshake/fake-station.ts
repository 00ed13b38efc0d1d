import { InputError } from "../../../src/domain/errors.ts";
import type { Inspection, RecipeIdentity, Verdict } from "../../../src/domain/inspection.ts";
import type {
  LineView,
  StationActions,
  StationListener,
  TriggerRequest,
} from "../../../src/domain/station-view.ts";

function recipe(number: number): RecipeIdentity {
  return { id: `recipe-${number}`, number, version: null, hash: null };
}

function lineView(name: string): LineView {
  return {
    name,
    visionState: "Ready",
    ready: true,
    busy: false,
    running: true,
    fault: null,
    warnings: [],
    awaitsReset: false,
    bypass: false,
    training: false,
    recipe: recipe(1),
    model: { id: "bundle", hash: null },
    threshold: { reject: 1, warn: null },
    camera: { connected: true, frozen: false, frameAgeMs: 5, fps: 30, sharpness: null, brightness: null },
    totals: { triggers: 0, ok: 0, ng: 0, warn: 0, err: 0, late: 0, missed: 0, since: null },
    times: { minMs: 20, meanMs: 30.4, p95Ms: 40, maxMs: 50 },
    configHash: "89abcdef01",
  };
}

interface OpenTrigger {
  readonly camera: string;
  readonly request: TriggerRequest;
  readonly resolve: (inspection: Inspection) => void;
}

/** A station that judges when the test says so; missed parts it answers at once, as a lane does. */
export class FakeStation implements StationActions {
  readonly lines = new Map<string, LineView>();
  readonly open: OpenTrigger[] = [];
  readonly calls: string[] = [];
  readonly recipes = [recipe(1), recipe(2), recipe(3)];
  listener: StationListener | null = null;
  /** Judges each part at once with this verdict. */
  autoVerdict: Verdict | null = null;
  /** Why triggers are refused. */
  refusal: string | null = null;
  recipeWork: () => Promise<void> = () => Promise.resolve();
  #seq = 0;

  constructor(cameras: readonly string[]) {
    for (const camera of cameras) this.lines.set(camera, lineView(camera));
  }

  line(camera: string): LineView {
    return this.lines.get(camera)!;
  }

  change(camera: string, changes: Partial<LineView>): void {
    this.lines.set(camera, { ...this.line(camera), ...changes });
    this.listener?.lineChanged?.(camera);
  }

  /** The oldest open trigger gets this verdict; tells the listener first, as the station does. */
  judge(verdict: Verdict, changes: Partial<Inspection> = {}): void {
    const trigger = this.open.shift();
    if (!trigger) throw new Error("no trigger is open");
    this.#judge(trigger, verdict, changes);
  }

  #judge(trigger: OpenTrigger, verdict: Verdict, changes: Partial<Inspection> = {}): void {
    const inspection = { ...this.#inspection(trigger.camera, trigger.request, verdict), ...changes };
    this.#deliver(inspection);
    trigger.resolve(inspection);
  }

  /** A part that something else than the PLC has triggered. */
  judgeForeign(camera: string, verdict: Verdict): void {
    this.#deliver(this.#inspection(camera, { triggerId: "foreign" }, verdict));
  }

  trigger(camera: string, request: TriggerRequest): Promise<Inspection> {
    if (this.refusal !== null) throw new InputError("refused", this.refusal);
    return new Promise((resolve) => {
      const trigger = { camera, request, resolve };
      if (request.missed) this.#judge(trigger, "ERR", { reason: "not_ready" });
      else if (this.autoVerdict) this.#judge(trigger, this.autoVerdict);
      else this.open.push(trigger);
    });
  }

  async selectRecipe(camera: string, number: string | number): Promise<RecipeIdentity> {
    this.calls.push(`selectRecipe ${camera} ${number}`);
    await this.recipeWork();
    this.change(camera, { recipe: recipe(Number(number)) });
    return recipe(Number(number));
  }

  prepareRecipe(camera: string, number: string | number): Promise<RecipeIdentity> {
    return this.selectRecipe(camera, number);
  }

  start(camera: string): Promise<void> {
    return this.#called("start", camera);
  }

  stop(camera: string): Promise<void> {
    return this.#called("stop", camera);
  }

  reset(camera: string): Promise<void> {
    return this.#called("reset", camera);
  }

  setThreshold(camera: string): Promise<void> {
    return this.#called("setThreshold", camera);
  }

  resetCounters(camera: string): Promise<void> {
    return this.#called("resetCounters", camera);
  }

  startTraining(): Promise<string> {
    return Promise.reject(new InputError("no", "not here"));
  }

  async setBypass(camera: string, on: boolean): Promise<void> {
    await this.#called(`setBypass ${String(on)}`, camera);
    this.change(camera, { bypass: on });
  }

  #called(name: string, camera: string): Promise<void> {
    this.calls.push(`${name} ${camera}`);
    return Promise.resolve();
  }

  #deliver(inspection: Inspection): void {
    const { totals } = this.line(inspection.camera);
    const key = inspection.verdict.toLowerCase() as "ok" | "ng" | "warn" | "err";
    this.change(inspection.camera, {
      totals: { ...totals, triggers: totals.triggers + 1, [key]: totals[key] + 1 },
    });
    this.listener?.inspected?.(inspection);
  }

  #inspection(camera: string, request: TriggerRequest, verdict: Verdict): Inspection {
    this.#seq += 1;
    return {
      inspectionId: `inspection-${this.#seq}`,
      session: "session",
      seq: this.#seq,
      camera,
      triggerId: request.triggerId ?? "",
      partId: request.partId ?? null,
      tag: request.tag ?? null,
      recipe: this.line(camera).recipe,
      verdict,
      action: verdict === "OK" ? "pass" : "reject",
      reason: verdict === "ERR" ? "late" : "score",
      detail: null,
      score: verdict === "ERR" ? null : 1.2345,
      threshold: verdict === "ERR" ? null : 2.5,
      warnThreshold: null,
      regions: [],
      times: {
        triggeredAt: 0,
        capturedAt: 0,
        captureMs: 1,
        queueMs: 1,
        inferMs: 1,
        totalMs: 31.5,
        deadlineMs: 200,
      },
      bundleId: "bundle",
      frameId: "frame",
      simulated: true,
      truth: null,
    };
  }
}
