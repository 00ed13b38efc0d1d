import { InputError } from "../../src/domain/errors.ts";
import type { LineView, StationActions, StationView } from "../../src/domain/station-view.ts";

/** A station as adapters see it, with values that tests change. */

export function lineOf(name: string, changes: Partial<LineView> = {}): LineView {
  return {
    name,
    visionState: "ContinuousExecution",
    ready: true,
    busy: false,
    running: true,
    fault: null,
    warnings: [],
    awaitsReset: false,
    bypass: false,
    training: false,
    recipe: { id: "gear", number: 3, version: "2", hash: "r1" },
    model: { id: "bundle-1", hash: "m1" },
    threshold: { reject: 0.5, warn: 0.25 },
    camera: {
      connected: true,
      frozen: false,
      frameAgeMs: 40,
      fps: 10,
      sharpness: 120,
      brightness: 99,
    },
    totals: { triggers: 0, ok: 0, ng: 0, warn: 0, err: 0, late: 0, missed: 0, since: 1_760_000_000_000 },
    times: { minMs: null, meanMs: null, p95Ms: null, maxMs: null },
    configHash: "c1",
    ...changes,
  };
}

export function viewOf(lines: readonly LineView[], changes: Partial<StationView> = {}): StationView {
  return {
    name: "st1",
    session: "3f1a9a0e-6c1c-4b59-9d1e-0f6f8a2b7c11",
    software: "1.2.3",
    recipes: [
      { id: "gear", number: 3, version: "2", hash: "r1" },
      { id: "bottle", number: 4, version: null, hash: "r2" },
    ],
    lines,
    health: {
      cpu: 0.25,
      gpu: null,
      temperatureC: 51,
      throttled: false,
      memoryBytes: 1e8,
      diskFreeBytes: 5_000_000_000,
      outboxDepth: 0,
      uptimeS: 12,
    },
    job: null,
    ...changes,
  };
}

/** Remembers what it was asked; recipe `missing` does not exist. */
export class RecordedActions implements StationActions {
  readonly calls: string[] = [];
  readonly #bottle = { id: "bottle", number: 4, version: null, hash: "r2" };

  #note(...words: readonly unknown[]): Promise<void> {
    this.calls.push(words.map(String).join(" "));
    return Promise.resolve();
  }

  start(camera: string, by: string): Promise<void> {
    return this.#note("start", camera, by);
  }

  stop(camera: string, by: string): Promise<void> {
    return this.#note("stop", camera, by);
  }

  reset(camera: string, by: string): Promise<void> {
    return this.#note("reset", camera, by);
  }

  trigger(): Promise<never> {
    return Promise.reject(new InputError("unexpected", "nobody triggers here"));
  }

  async selectRecipe(camera: string, recipe: string | number, by: string) {
    if (recipe === "missing") throw new InputError("no-such-recipe", `There is no recipe "${recipe}".`);
    await this.#note("selectRecipe", camera, recipe, by);
    return this.#bottle;
  }

  async prepareRecipe(camera: string, recipe: string | number, by: string) {
    await this.#note("prepareRecipe", camera, recipe, by);
    return this.#bottle;
  }

  setThreshold(
    camera: string,
    limits: { readonly reject: number; readonly warn: number | null },
    by: string,
  ): Promise<void> {
    return this.#note("setThreshold", camera, limits.reject, limits.warn, by);
  }

  resetCounters(camera: string, by: string): Promise<void> {
    return this.#note("resetCounters", camera, by);
  }

  async startTraining(camera: string, by: string): Promise<string> {
    await this.#note("startTraining", camera, by);
    return "job-1";
  }

  setBypass(camera: string, on: boolean, by: string): Promise<void> {
    return this.#note("setBypass", camera, on, by);
  }
}
