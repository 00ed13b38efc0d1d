import { describe, expect, it } from "vitest";
import { MOST_PARTS_UNDER_WAY } from "../../../src/domain/station-view.ts";
import { isReady } from "../../../src/plc/handshake/triggers.ts";
import { shownFault } from "../../../src/plc/handshake/faults.ts";
import { COMMAND_ERRORS, COMMANDS, FAULT_CODES, RECIPE_ERRORS } from "../../../src/plc/register-map.ts";
import { GOOD_LINE, Machine, result } from "./machine.ts";

function ready(machine: Machine): boolean {
  return isReady(machine.state, machine.plc, machine.line, machine.settings);
}

function enabled(settings = {}): Machine {
  const machine = new Machine(settings);
  machine.write({ control: { triggerEnable: true } });
  return machine;
}

describe("triggers", () => {
  it("accepts a trigger, and is not Ready until its result is there", () => {
    const machine = enabled();
    expect(ready(machine)).toBe(true);
    expect(machine.write({ triggerTag: 7, partId: "A1", control: { trigger: true } })).toEqual([
      { type: "trigger", tag: 7, partId: "A1", missed: false },
    ]);
    machine.write({ control: { trigger: false } });
    expect(ready(machine)).toBe(false);
    machine.judge(result(7));
    expect(ready(machine)).toBe(true);
    expect(machine.state.shown).toMatchObject({ tag: 7, number: 1 });
  });

  it("is not Ready before Trigger is taken back, be the result ever so fast", () => {
    const machine = enabled();
    machine.write({ control: { trigger: true } });
    machine.judge(result(1));
    expect(ready(machine)).toBe(false);
    machine.write({ control: { trigger: false } });
    expect(ready(machine)).toBe(true);
  });

  it("takes a held Trigger for one part", () => {
    const machine = enabled();
    machine.write({ control: { trigger: true } });
    machine.step();
    expect(machine.actions).toHaveLength(1);
  });

  it.each([
    ["TriggerEnable is off", (machine: Machine) => machine.write({ control: { triggerEnable: false } })],
    ["a part is under way", (machine: Machine) => machine.pulse("trigger")],
    ["the line is not ready", (machine: Machine) => (machine.line = { ...GOOD_LINE, ready: false })],
    ["there is a fault", (machine: Machine) => (machine.line = { ...GOOD_LINE, fault: 10 })],
    ["a recipe is being loaded", (machine: Machine) => machine.pulse("recipeStrobe")],
  ])("misses a trigger while %s, and still hands the part to the lane", (_, spoil) => {
    const machine = enabled();
    spoil(machine);
    expect(machine.pulse("trigger")).toEqual([{ type: "trigger", tag: 0, partId: null, missed: true }]);
    expect(machine.state.triggerMissed).toBe(true);
    machine.pulse("faultReset");
    expect(machine.state.triggerMissed).toBe(false);
  });

  it("lets a PLC with BufferEnable have as many parts under way as the buffer is deep", () => {
    const machine = enabled({ bufferDepth: 3 });
    machine.write({ control: { bufferEnable: true } });
    const missed = Array.from({ length: 4 }, () => machine.pulse("trigger")).map(
      ([action]) => action?.type === "trigger" && action.missed,
    );
    expect(missed).toEqual([false, false, false, true]);
  });

  it("promises no more than a lane takes, however deep the buffer is", () => {
    const machine = enabled({ bufferDepth: 20 });
    machine.write({ control: { bufferEnable: true } });
    for (let part = 0; part < MOST_PARTS_UNDER_WAY; part += 1) machine.pulse("trigger");
    expect(machine.state.triggerMissed).toBe(false);
    expect(machine.pulse("trigger")).toMatchObject([{ type: "trigger", missed: true }]);
  });
});

describe("results without a buffer", () => {
  it("shows the newest, and counts what was overwritten", () => {
    const machine = enabled();
    machine.judge(result(1));
    const toggle = machine.state.toggle;
    machine.judge(result(2));
    expect(machine.state).toMatchObject({
      shown: { tag: 2, number: 2 },
      toggle: !toggle,
      lost: 1,
      waiting: [],
    });
    expect(machine.state.bufferOverrun).toBe(false);
  });

  it("clears ResultsValid on the ack, and never lets a held ack meet a new result", () => {
    const machine = enabled();
    machine.judge(result(1));
    machine.write({ control: { resultsAck: true } });
    expect(machine.state.shown).toBeNull();
    machine.judge(result(2));
    expect(machine.state.shown).toBeNull();
    machine.write({ control: { resultsAck: false } });
    expect(machine.state.shown).toMatchObject({ tag: 2 });
    expect(machine.state.lost).toBe(0);
  });

  it("takes an ack before any result for nothing", () => {
    const machine = enabled();
    machine.pulse("resultsAck");
    machine.judge(result(1));
    expect(machine.state.shown).toMatchObject({ tag: 1 });
  });
});

describe("results with a buffer", () => {
  it("shows one after the other, each after the ack of the one before is taken back", () => {
    const machine = enabled();
    machine.write({ control: { bufferEnable: true } });
    for (const tag of [1, 2, 3]) machine.judge(result(tag));
    const seen: unknown[] = [];
    for (let turn = 0; turn < 3; turn += 1) {
      seen.push(machine.state.shown?.tag);
      machine.write({ control: { resultsAck: true } });
      expect(machine.state.shown).toBeNull();
      machine.write({ control: { resultsAck: false } });
    }
    expect(seen).toEqual([1, 2, 3]);
    expect(machine.state.shown).toBeNull();
  });

  it("keeps the oldest when full, flags the overrun and leaves a hole in the numbers", () => {
    const machine = enabled({ bufferDepth: 2 });
    machine.write({ control: { bufferEnable: true } });
    for (const tag of [1, 2, 3]) machine.judge(result(tag));
    expect(machine.state).toMatchObject({ bufferOverrun: true, lost: 1, resultNo: 3 });
    machine.pulse("resultsAck");
    machine.pulse("resultsAck");
    machine.judge(result(4));
    expect(machine.state.shown).toMatchObject({ tag: 4, number: 4 });
  });

  it("is emptied by FaultReset after an overrun", () => {
    const machine = enabled({ bufferDepth: 2 });
    machine.write({ control: { bufferEnable: true } });
    for (const tag of [1, 2, 3]) machine.judge(result(tag));
    machine.pulse("faultReset");
    expect(machine.state).toMatchObject({ bufferOverrun: false, waiting: [], shown: { tag: 1 }, lost: 2 });
  });

  it("wraps the result number after 2^32 − 1", () => {
    const machine = enabled();
    machine.state = { ...machine.state, resultNo: 2 ** 32 - 1 };
    machine.judge(result(1));
    expect(machine.state.shown?.number).toBe(0);
  });
});

describe("faults", () => {
  const stalled = { ready: false, fault: FAULT_CODES["camera-stalled"], awaitsReset: false };

  it("keeps a fault whose cause has ended until FaultReset", () => {
    const machine = enabled();
    machine.line = stalled;
    machine.step();
    machine.line = GOOD_LINE;
    machine.step();
    expect(shownFault(machine.state, machine.line)).toBe(FAULT_CODES["camera-stalled"]);
    expect(ready(machine)).toBe(false);
    expect(machine.pulse("faultReset")).toMatchObject([{ type: "reset" }]);
    expect(shownFault(machine.state, machine.line)).toBe(0);
    expect(ready(machine)).toBe(true);
  });

  it("does not clear by a reset that came before the cause ended, nor by a FaultReset held on", () => {
    const machine = enabled();
    machine.line = stalled;
    machine.step();
    machine.write({ control: { faultReset: true } });
    machine.line = GOOD_LINE;
    machine.step();
    expect(shownFault(machine.state, machine.line)).toBe(FAULT_CODES["camera-stalled"]);
  });

  it("lets the faults of starting up end by themselves", () => {
    const machine = new Machine();
    machine.line = { ready: false, fault: FAULT_CODES["no-model"], awaitsReset: false };
    machine.step();
    machine.line = GOOD_LINE;
    machine.write({ control: { triggerEnable: true } });
    expect(ready(machine)).toBe(true);
  });

  it("needs one reset for a fault that the station keeps itself", () => {
    const machine = enabled();
    machine.line = stalled;
    machine.step();
    machine.line = { ...stalled, awaitsReset: true };
    machine.step();
    machine.pulse("faultReset");
    expect(shownFault(machine.state, machine.line)).toBe(FAULT_CODES["camera-stalled"]);
    machine.line = GOOD_LINE;
    machine.step();
    expect(shownFault(machine.state, machine.line)).toBe(0);
  });

  it("ends with a reset from anywhere where the station keeps it", () => {
    const machine = enabled();
    machine.line = stalled;
    machine.step();
    machine.line = { ...stalled, awaitsReset: true };
    machine.step();
    machine.line = GOOD_LINE;
    machine.step();
    expect(shownFault(machine.state, machine.line)).toBe(0);
  });

  it("takes a PLC without a heartbeat for silent, once for more than the time-out", () => {
    const machine = enabled({ heartbeat: "required" });
    machine.write({ control: { plcHeartbeat: true } });
    machine.now = 1000;
    machine.step();
    expect(ready(machine)).toBe(true);
    machine.now = 1001;
    machine.step();
    expect(ready(machine)).toBe(false);
    expect(shownFault(machine.state, machine.line)).toBe(FAULT_CODES["plc-heartbeat"]);
    machine.write({ control: { plcHeartbeat: false } });
    expect(ready(machine)).toBe(false);
    machine.pulse("faultReset");
    expect(ready(machine)).toBe(true);
  });
});

describe("recipes", () => {
  it("are not ready until selected; answers to older wishes do not count", () => {
    const machine = enabled();
    machine.write({ recipeNumber: 2 });
    const [first] = machine.pulse("recipeStrobe");
    machine.write({ recipeNumber: 3 });
    const [second] = machine.pulse("recipeStrobe");
    if (first?.type !== "select-recipe" || second?.type !== "select-recipe") throw new Error("no request");
    expect([first.number, second.number]).toEqual([2, 3]);
    machine.step({ outcomes: [{ request: first.request, result: "done" }] });
    expect(ready(machine)).toBe(false);
    machine.step({ outcomes: [{ request: second.request, result: "done" }] });
    expect(ready(machine)).toBe(true);
  });

  it.each([
    ["unknown-recipe", RECIPE_ERRORS.unknownNumber],
    ["failed", RECIPE_ERRORS.notLoaded],
  ] as const)("keep Ready off after %s until FaultReset goes on with the old one", (outcome, error) => {
    const machine = enabled();
    machine.pulse("recipeStrobe");
    machine.step({ outcomes: [{ request: machine.state.requests, result: outcome }] });
    expect(machine.state.recipe.error).toBe(error);
    expect(ready(machine)).toBe(false);
    machine.pulse("faultReset");
    expect(ready(machine)).toBe(true);
  });
});

describe("bypass", () => {
  it("holds only with bit and key together", () => {
    const machine = enabled();
    expect(machine.write({ control: { bypass: true } })).toEqual([{ type: "bypass-refused" }]);
    expect(machine.write({ bypassKey: 4711 })).toEqual([{ type: "bypass", on: true }]);
    expect(machine.write({ bypassKey: 0 })).toEqual([{ type: "bypass", on: false }]);
  });

  it("cannot be had where no key is configured", () => {
    const machine = enabled({ bypassKey: null });
    expect(machine.write({ bypassKey: 0, control: { bypass: true } })).toEqual([{ type: "bypass-refused" }]);
  });

  it("ends with the PLC's heartbeat", () => {
    const machine = enabled({ heartbeat: "required" });
    machine.write({ bypassKey: 4711, control: { bypass: true, plcHeartbeat: true } });
    machine.now = 1500;
    expect(machine.step()).toEqual([{ type: "bypass", on: false }]);
  });
});

describe("commands", () => {
  it("are echoed when they are done", () => {
    const machine = enabled();
    const [action] = machine.write({ command: COMMANDS.StartContinuous });
    expect(action).toMatchObject({ type: "start" });
    expect(machine.state.command.echo).toBe(COMMANDS.None);
    machine.step({ outcomes: [{ request: machine.state.requests, result: "done" }] });
    expect(machine.state.command).toMatchObject({ echo: COMMANDS.StartContinuous, error: 0 });
    machine.write({ command: COMMANDS.None });
    expect(machine.state.command.echo).toBe(COMMANDS.None);
  });

  it("trigger without TriggerEnable, and say when the part was not accepted", () => {
    const machine = new Machine();
    expect(machine.write({ command: COMMANDS.StartSingleJob, triggerTag: 5 })).toEqual([
      { type: "trigger", tag: 5, partId: null, missed: false },
    ]);
    machine.write({ command: COMMANDS.None });
    expect(machine.write({ command: COMMANDS.StartSingleJob })).toMatchObject([{ missed: true }]);
    expect(machine.state.command).toMatchObject({
      echo: COMMANDS.StartSingleJob,
      error: COMMAND_ERRORS.notReady,
    });
  });

  it("dequeue results and acknowledge errors", () => {
    const machine = enabled();
    machine.write({ control: { bufferEnable: true } });
    machine.judge(result(1));
    machine.judge(result(2));
    machine.write({ command: COMMANDS.DequeueResult });
    expect(machine.state.shown).toMatchObject({ tag: 2 });
    expect(machine.write({ command: COMMANDS.AcknowledgeError })).toMatchObject([{ type: "reset" }]);
  });

  it("select recipes, and say when the number is unknown", () => {
    const machine = enabled();
    machine.write({ command: COMMANDS.PrepareRecipe, recipeNumber: 9 });
    machine.step({ outcomes: [{ request: machine.state.requests, result: "unknown-recipe" }] });
    expect(machine.state.command).toMatchObject({
      echo: COMMANDS.PrepareRecipe,
      error: COMMAND_ERRORS.unknownRecipe,
    });
    expect(machine.state.recipe.error).toBe(RECIPE_ERRORS.unknownNumber);
  });
});

it("counts lost results anew after CountersReset", () => {
  const machine = enabled();
  machine.judge(result(1));
  machine.judge(result(2));
  expect(machine.pulse("countersReset")).toEqual([{ type: "reset-counters" }]);
  expect(machine.state.lost).toBe(0);
});
