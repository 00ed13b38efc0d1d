import { describe, expect, it } from "vitest";
import { VISION_STATES, type VisionState } from "../../src/domain/station-view.ts";
import {
  nextVisionState,
  VISION_METHODS,
  VISION_TRANSITIONS,
  visionPath,
  visionState,
  type LineFacts,
  type VisionMethod,
} from "../../src/domain/vision-state.ts";

const STATES = Object.keys(VISION_STATES) as VisionState[];

/** Every state with every method; what is not named is refused. */
const TABLE: Record<VisionState, Partial<Record<VisionMethod, VisionState>>> = {
  Preoperational: { SelectModeAutomatic: "Initialized", Halt: "Halted", ConfirmAll: "Preoperational" },
  Halted: { Reset: "Preoperational", ConfirmAll: "Halted" },
  Error: { Reset: "Preoperational", Halt: "Halted", ConfirmAll: "Error" },
  Initialized: {
    PrepareRecipe: "Ready",
    UnprepareRecipe: "Initialized",
    Reset: "Preoperational",
    Halt: "Halted",
    ConfirmAll: "Initialized",
  },
  Ready: {
    PrepareRecipe: "Ready",
    UnprepareRecipe: "Initialized",
    StartSingleJob: "SingleExecution",
    StartContinuous: "ContinuousExecution",
    Reset: "Preoperational",
    Halt: "Halted",
    ConfirmAll: "Ready",
  },
  SingleExecution: {
    PrepareRecipe: "SingleExecution",
    UnprepareRecipe: "SingleExecution",
    Stop: "Ready",
    Abort: "Ready",
    Reset: "Preoperational",
    Halt: "Halted",
    ConfirmAll: "SingleExecution",
  },
  ContinuousExecution: {
    PrepareRecipe: "ContinuousExecution",
    UnprepareRecipe: "ContinuousExecution",
    Stop: "Ready",
    Abort: "Ready",
    Reset: "Preoperational",
    Halt: "Halted",
    ConfirmAll: "ContinuousExecution",
  },
};

describe("nextVisionState", () => {
  const cells = STATES.flatMap((state) => VISION_METHODS.map((method) => [state, method] as const));

  it.each(cells)("%s takes %s as the table says", (state, method) => {
    expect(nextVisionState(state, method)).toBe(TABLE[state][method] ?? null);
  });

  it("lets no method lead into Error: the system alone enters it", () => {
    expect(
      cells.filter(([state, method]) => state !== "Error" && nextVisionState(state, method) === "Error"),
    ).toEqual([]);
  });
});

describe("visionPath", () => {
  const pairs = STATES.flatMap((from) => STATES.map((to) => [from, to] as const));

  it.each(pairs)("leads from %s to %s by steps of the system that join", (from, to) => {
    const path = visionPath(from, to);
    const places = [from, ...path.map((step) => step.to)];
    expect(places.at(-1)).toBe(to);
    expect(path.map((step) => step.from)).toEqual(places.slice(0, -1));
    expect(path.every((step) => step.cause === null && VISION_TRANSITIONS.includes(step))).toBe(true);
    expect(new Set(places).size).toBe(places.length);
  });

  it("names the step after the call that began it", () => {
    expect(visionPath("Ready", "SingleExecution", "StartSingleJob").map(({ name }) => name)).toEqual([
      "ReadyToSingleExecution",
    ]);
    expect(visionPath("Ready", "SingleExecution").map(({ name }) => name)).toEqual([
      "ReadyToSingleExecutionAuto",
    ]);
    expect(visionPath("ContinuousExecution", "Ready", "Stop").map(({ name }) => name)).toEqual([
      "ContinuousExecutionToReadyStop",
    ]);
  });

  it("comes back from a fault through every state on the way", () => {
    expect(visionPath("Error", "ContinuousExecution").map(({ name }) => name)).toEqual([
      "ErrorToOperationalAuto",
      "InitializedToReadyAuto",
      "ReadyToContinuousExecutionAuto",
    ]);
  });
});

describe("visionState", () => {
  const good: LineFacts = {
    starting: false,
    fault: false,
    hasModel: true,
    running: true,
    freeRunning: false,
    busy: false,
  };

  it.each<[string, Partial<LineFacts>, VisionState]>([
    ["starts", { starting: true, hasModel: false, running: false }, "Preoperational"],
    ["has a fault", { fault: true, freeRunning: true }, "Error"],
    ["has a fault and no model", { fault: true, hasModel: false }, "Error"],
    ["has no model", { hasModel: false }, "Initialized"],
    ["is stopped", { running: false, freeRunning: true }, "Initialized"],
    ["waits for a trigger", {}, "Ready"],
    ["judges a part", { busy: true }, "SingleExecution"],
    ["runs by itself", { freeRunning: true, busy: true }, "ContinuousExecution"],
  ])("of a line that %s", (_words, change, state) => {
    expect(visionState({ ...good, ...change })).toBe(state);
  });
});
