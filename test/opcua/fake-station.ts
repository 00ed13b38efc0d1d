import { InputError } from "../../src/domain/errors.ts";
import type { Inspection, RecipeIdentity } from "../../src/domain/inspection.ts";
import type { LineView, StationActions, StationView, TriggerRequest } from "../../src/domain/station-view.ts";
import { visionState } from "../../src/domain/vision-state.ts";

export const RECIPES: readonly RecipeIdentity[] = ["bottle", "can"].map((id, index) => ({
  id,
  number: index + 1,
  version: "3",
  hash: `hash-of-${id}`,
}));

/** A judged part as the lane makes them. */
export function inspectionOf(change: Partial<Inspection>): Inspection {
  return {
    inspectionId: "01890000-0000-7000-8000-000000000001",
    session: "01890000-0000-7000-8000-000000000000",
    seq: 1,
    camera: "cam1",
    triggerId: "trigger-1",
    partId: null,
    tag: null,
    recipe: RECIPES[0]!,
    verdict: "OK",
    action: "pass",
    reason: "score",
    detail: null,
    score: 0.25,
    threshold: 0.5,
    warnThreshold: null,
    regions: [],
    times: {
      triggeredAt: Date.UTC(2026, 0, 2, 3, 4, 5),
      capturedAt: Date.UTC(2026, 0, 2, 3, 4, 5) + 10,
      captureMs: 10,
      queueMs: 1,
      inferMs: 20,
      totalMs: 40,
      deadlineMs: 300,
    },
    bundleId: "bundle-1",
    frameId: null,
    simulated: true,
    truth: null,
    ...change,
  };
}

interface Line {
  running: boolean;
  freeRunning: boolean;
  busy: boolean;
  hasModel: boolean;
  fault: LineView["fault"];
  awaitsReset: boolean;
  recipe: RecipeIdentity;
}

/** A station that does at once what it is asked, with one real rule: a stopped line takes no trigger. */
export class FakeStation implements StationActions {
  readonly lines: Record<string, Line> = {
    cam1: newLine({ running: true }),
    cam2: newLine({ running: true, freeRunning: true }),
  };
  readonly asked: string[] = [];
  onChange: (camera: string) => void = () => undefined;
  onInspected: (inspection: Inspection) => void = () => undefined;
  /** What the next parts get; they are judged when this resolves. */
  judge: (request: TriggerRequest) => Promise<Partial<Inspection>> = () => Promise.resolve({});
  #seq = 0;

  readonly view = (): StationView => ({
    name: "station1",
    session: "01890000-0000-7000-8000-000000000000",
    software: "1.2.3",
    recipes: RECIPES,
    lines: Object.entries(this.lines).map(([name, line]) => lineView(name, line)),
    health: {
      cpu: null,
      gpu: null,
      temperatureC: null,
      throttled: null,
      memoryBytes: 0,
      diskFreeBytes: null,
      outboxDepth: 0,
      uptimeS: 0,
    },
    job: null,
  });

  set(camera: string, change: Partial<Line>): void {
    Object.assign(this.#line(camera), change);
    this.onChange(camera);
  }

  start(camera: string, by: string): Promise<void> {
    this.asked.push(`start ${camera} ${by}`);
    this.set(camera, { running: true });
    return Promise.resolve();
  }

  stop(camera: string, by: string): Promise<void> {
    this.asked.push(`stop ${camera} ${by}`);
    this.set(camera, { running: false });
    return Promise.resolve();
  }

  reset(camera: string, by: string): Promise<void> {
    this.asked.push(`reset ${camera} ${by}`);
    this.set(camera, { fault: null, awaitsReset: false });
    return Promise.resolve();
  }

  async trigger(camera: string, request: TriggerRequest): Promise<Inspection> {
    this.asked.push(`trigger ${camera} ${request.partId ?? "no part"}`);
    const line = this.#line(camera);
    if (!line.running) throw new InputError("stopped", `${camera} is stopped: start it first.`);
    const judged = await this.judge(request);
    this.#seq += 1;
    const id = `01890000-0000-7000-8000-${String(this.#seq).padStart(12, "0")}`;
    const triggerId = request.triggerId ?? `trigger-${this.#seq}`;
    const { partId = null } = request;
    const { recipe } = line;
    const inspection = inspectionOf({
      inspectionId: id,
      seq: this.#seq,
      camera,
      triggerId,
      partId,
      recipe,
      ...judged,
    });
    this.onInspected(inspection);
    this.onChange(camera);
    return inspection;
  }

  selectRecipe(camera: string, recipe: string | number, by: string): Promise<RecipeIdentity> {
    this.asked.push(`select ${camera} ${recipe} ${by}`);
    const identity = RECIPES.find(({ id }) => id === recipe)!;
    this.set(camera, { recipe: identity, hasModel: true });
    return Promise.resolve(identity);
  }

  prepareRecipe(camera: string, recipe: string | number, by: string): Promise<RecipeIdentity> {
    this.asked.push(`prepare ${camera} ${recipe} ${by}`);
    return Promise.resolve(RECIPES.find(({ id }) => id === recipe)!);
  }

  setThreshold(): Promise<void> {
    return Promise.resolve();
  }

  resetCounters(): Promise<void> {
    return Promise.resolve();
  }

  startTraining(): Promise<string> {
    return Promise.resolve("job");
  }

  setBypass(): Promise<void> {
    return Promise.resolve();
  }

  #line(camera: string): Line {
    return this.lines[camera]!;
  }
}

function newLine(change: Partial<Line>): Line {
  return {
    running: false,
    freeRunning: false,
    busy: false,
    hasModel: true,
    fault: null,
    awaitsReset: false,
    recipe: RECIPES[0]!,
    ...change,
  };
}

function lineView(name: string, line: Line): LineView {
  const { running, freeRunning, busy, hasModel, fault, awaitsReset, recipe } = line;
  const facts = { starting: false, fault: fault !== null, hasModel, running, freeRunning, busy };
  return {
    name,
    visionState: visionState(facts),
    ready: fault === null && running,
    busy,
    running,
    freeRunning,
    fault,
    warnings: [],
    awaitsReset,
    bypass: false,
    training: false,
    recipe,
    model: { id: hasModel ? "bundle-1" : null, hash: hasModel ? "0123456789abcdef" : null },
    threshold: { reject: 0.5, warn: null },
    camera: {
      connected: true,
      frozen: false,
      frameAgeMs: 5,
      fps: 10,
      sharpness: null,
      brightness: null,
    },
    totals: { triggers: 0, ok: 0, ng: 0, warn: 0, err: 0, late: 0, missed: 0, since: null },
    times: { minMs: null, meanMs: null, p95Ms: null, maxMs: null },
    configHash: "c0ffee",
  };
}
