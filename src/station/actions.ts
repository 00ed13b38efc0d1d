import type { Inspection, RecipeIdentity } from "../domain/inspection.ts";
import type { StationActions, TriggerRequest } from "../domain/station-view.ts";
import type { CameraLine } from "../inspection/camera-line.ts";
import type { Messenger } from "../messaging/messenger.ts";
import type { StationGates } from "./gates.ts";
import type { StationModels } from "./models.ts";
import type { StationRecipes } from "./recipes.ts";
import type { StationTraining } from "./training.ts";

export interface ActionParts {
  /** @throws InputError for a camera that does not exist */
  readonly line: (camera: string) => CameraLine;
  readonly models: Pick<StationModels, "setThreshold">;
  readonly recipes: Pick<StationRecipes, "select" | "prepare">;
  readonly training: Pick<StationTraining, "start">;
  readonly gates: Pick<StationGates, "reset" | "loseTrack">;
  readonly messenger: Pick<Messenger, "event" | "resetCounters">;
  /** The line may look different now. */
  readonly changed: (line: CameraLine) => void;
}

/** The wishes that PLC, Sparkplug B, OPC UA and MQTT share, as calls on the lines. */
export function stationActions(parts: ActionParts): StationActions {
  const { line, messenger, changed } = parts;
  const setRunning = (camera: string, running: boolean, by: string): Promise<void> => {
    const own = line(camera);
    const was = own.lane.running;
    if (running) own.beginTriggering();
    else own.endTriggering();
    if (was !== running) parts.gates.loseTrack(camera); // parts go by without a trigger meanwhile
    if (was !== running) messenger.event(running ? "line.started" : "line.halted", { by }, camera);
    changed(own);
    return Promise.resolve();
  };
  return {
    start: async (camera, by) => setRunning(camera, true, by),
    stop: async (camera, by) => setRunning(camera, false, by),
    reset: async (camera, by) => {
      const was = line(camera).reset();
      parts.gates.reset(camera);
      if (was) messenger.event("line.reset", { by, was }, camera);
      changed(line(camera));
      await Promise.resolve();
    },
    trigger: async (camera: string, request: TriggerRequest): Promise<Inspection> =>
      line(camera).trigger(request),
    selectRecipe: async (camera, recipe, by): Promise<RecipeIdentity> =>
      parts.recipes.select(line(camera), recipe, by),
    prepareRecipe: async (camera, recipe, by): Promise<RecipeIdentity> => {
      const identity = await parts.recipes.prepare(line(camera), recipe);
      messenger.event("recipe.prepared", { by, recipe: identity }, camera);
      return identity;
    },
    setThreshold: async (camera, limits, by) => {
      await parts.models.setThreshold(line(camera), limits, by);
    },
    resetCounters: async (camera, by) => {
      messenger.resetCounters(camera);
      line(camera).times.clear();
      messenger.event("counters.reset", { by }, camera);
      changed(line(camera));
      await Promise.resolve();
    },
    startTraining: async (camera, by) => Promise.resolve(parts.training.start([line(camera)], by)),
    setBypass: async (camera, on, by) => {
      const own = line(camera);
      const was = own.bypass;
      own.bypass = on;
      if (was !== on) messenger.event("bypass", { by, on }, camera);
      changed(own);
      await Promise.resolve();
    },
  };
}
