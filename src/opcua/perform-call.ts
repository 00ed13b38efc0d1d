import { messageOf } from "../domain/errors.ts";
import type { RecipeIdentity } from "../domain/inspection.ts";
import type { LineView, StationActions, VisionState } from "../domain/station-view.ts";
import { nextVisionState } from "../domain/vision-state.ts";
import { heldVisionState, type LineMode } from "./line-mode.ts";
import type { Call, CallAnswer, Refusal } from "./protocol.ts";

/** What a call works with. */
export interface CallContext {
  readonly actions: StationActions;
  readonly view: () => LineView;
  readonly mode: LineMode;
  readonly recipes: readonly RecipeIdentity[];
  /** Ids of recipes that clients prepared beside the active ones. */
  readonly prepared: Set<string>;
  readonly newJobId: () => string;
  /** Ends with the job, whatever became of it. */
  readonly jobEnded: (jobId: string) => void;
  /** Waits; a trigger that is not refused within this time has begun. */
  readonly wait: (ms: number) => Promise<void>;
}

/** A refusal of a trigger comes at once; it is no reason to keep the client waiting for the verdict. */
const REFUSED_WITHIN_MS = 25;

/** Does what a client asked for, by the state machine and with the station's own actions. Never rejects. */
export async function performCall(call: Call, context: CallContext): Promise<CallAnswer> {
  const { mode, view } = context;
  const state = heldVisionState(view(), mode);
  if (nextVisionState(state, call.method) === null) {
    return refused("invalid-state", `${call.method} is not taken in ${state}.`);
  }
  const { held, job } = mode;
  mode.cause = call.method; // before the station moves, so that its change is told with its cause
  const answer = await perform(call, state, context).catch((error: unknown) =>
    refused("refused", messageOf(error)),
  );
  if (!answer.ok) Object.assign(mode, { held, job, cause: null });
  return answer;
}

async function perform(call: Call, state: VisionState, context: CallContext): Promise<CallAnswer> {
  const { actions, mode, view } = context;
  const { camera, by } = call;
  switch (call.method) {
    case "SelectModeAutomatic":
      mode.held = null;
      return done();
    case "PrepareRecipe":
      return prepareRecipe(call, state, context);
    case "UnprepareRecipe":
      return unprepareRecipe(call, state, context);
    case "StartSingleJob":
      return startSingleJob(call, context);
    case "StartContinuous":
      return startContinuous(call, context);
    case "Stop":
    case "Abort":
      if (state === "SingleExecution") return done(); // its deadline ends it
      return hold("Ready", call, context);
    case "Reset":
      await actions.reset(camera, by);
      if (state === "Error") return done(); // it returns by itself to the highest state it can
      return hold("Preoperational", call, context);
    case "Halt":
      return hold("Halted", call, context);
    case "ConfirmAll":
      if (view().awaitsReset) await actions.reset(camera, by);
      return done();
  }
}

/** Stops the line and keeps it there. */
async function hold(where: LineMode["held"], call: Call, context: CallContext): Promise<CallAnswer> {
  context.mode.held = where; // it counts for a stopped line only
  await stop(call, context);
  return done();
}

async function stop({ camera, by }: Call, { actions, view }: CallContext): Promise<void> {
  if (view().running) await actions.stop(camera, by);
}

/** In Initialized the line goes on with it; in later states it is loaded beside the active one. */
async function prepareRecipe(call: Call, state: VisionState, context: CallContext): Promise<CallAnswer> {
  const { actions, view, mode, prepared } = context;
  const id = call.recipe;
  if (id === null) return refused("invalid-argument", "PrepareRecipe needs the id of a recipe.");
  const unknown = unknownRecipe(id, context);
  if (unknown) return unknown;
  if (state !== "Initialized") {
    const identity = await actions.prepareRecipe(call.camera, id, call.by);
    prepared.add(identity.id);
    return done({ recipe: identity });
  }
  const recipe = await actions.selectRecipe(call.camera, id, call.by);
  prepared.add(recipe.id);
  const line = view();
  if (line.running) return done({ recipe });
  if (line.freeRunning === true)
    mode.held = "Ready"; // it runs by StartContinuous only
  else await actions.start(call.camera, call.by);
  return done({ recipe });
}

async function unprepareRecipe(call: Call, state: VisionState, context: CallContext): Promise<CallAnswer> {
  const { mode, view, prepared } = context;
  const id = call.recipe ?? view().recipe.id;
  const unknown = unknownRecipe(id, context);
  if (unknown) return unknown;
  const recipe = context.recipes.find((known) => known.id === id) ?? null;
  if (view().recipe.id !== id) {
    prepared.delete(id);
    return done({ recipe });
  }
  if (state !== "Ready") return refused("invalid-state", `Recipe ${id} is the active one: not in ${state}.`);
  mode.held = null;
  await stop(call, context);
  return done({ recipe });
}

async function startSingleJob(call: Call, context: CallContext): Promise<CallAnswer> {
  const { actions, mode } = context;
  const unknown = await useRecipe(call, context);
  if (unknown) return unknown;
  const jobId = context.newJobId();
  mode.job = { id: jobId, kind: "single", measId: call.measId };
  const verdict = actions.trigger(call.camera, { triggerId: jobId, partId: call.partId });
  const ended = (): void => {
    context.jobEnded(jobId);
  };
  verdict.then(ended, ended);
  await Promise.race([verdict, context.wait(REFUSED_WITHIN_MS)]);
  return done({ jobId });
}

async function startContinuous(call: Call, context: CallContext): Promise<CallAnswer> {
  const { actions, mode, view } = context;
  if (view().freeRunning !== true) {
    return refused(
      "not-supported",
      "This line takes parts on command or by trigger only: use StartSingleJob.",
    );
  }
  const unknown = await useRecipe(call, context);
  if (unknown) return unknown;
  const job = { id: context.newJobId(), kind: "continuous", measId: call.measId } as const;
  mode.job = job;
  await actions.start(call.camera, call.by);
  return done({ jobId: job.id });
}

/** Selects the recipe of a start where it names another one than the active. */
async function useRecipe(call: Call, context: CallContext): Promise<CallAnswer | null> {
  const { actions, view, prepared } = context;
  if (call.recipe === null || call.recipe === view().recipe.id) return null;
  const unknown = unknownRecipe(call.recipe, context);
  if (unknown) return unknown;
  prepared.add((await actions.selectRecipe(call.camera, call.recipe, call.by)).id);
  return null;
}

function unknownRecipe(id: string, { recipes }: CallContext): CallAnswer | null {
  if (recipes.some((known) => known.id === id)) return null;
  const known = recipes.map((recipe) => recipe.id).join(", ");
  return refused("invalid-argument", `There is no recipe ${JSON.stringify(id)}; known are ${known}.`);
}

function done(out: { readonly jobId?: string; readonly recipe?: RecipeIdentity | null } = {}): CallAnswer {
  return { ok: true, jobId: out.jobId ?? null, recipe: out.recipe ?? null };
}

function refused(why: Refusal, message: string): CallAnswer {
  return { ok: false, why, message };
}
