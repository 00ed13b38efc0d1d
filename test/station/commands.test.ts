import { describe, expect, it } from "vitest";
import { InputError } from "../../src/domain/errors.ts";
import type { Inspection } from "../../src/domain/inspection.ts";
import type { StationActions, TriggerRequest } from "../../src/domain/station-view.ts";
import type { CameraLine } from "../../src/inspection/camera-line.ts";
import { stationCommands, type StationControl } from "../../src/station/commands.ts";
import type { CommandOutcome } from "../../src/messaging/commands.ts";
import { COMMAND_NAMES, type CommandName, type CommandParams } from "../../src/messaging/schemas/command.ts";
import { inspectionOf } from "../messaging/plant.ts";

/** A station that writes down what it is asked, in the order of asking. */
function station(services: Partial<StationControl> = {}) {
  const asked: unknown[][] = [];
  const ask =
    <R>(what: string, answer: R) =>
    (...rest: unknown[]): Promise<R> => {
      asked.push([what, ...rest]);
      return Promise.resolve(answer);
    };
  const line = (name: string): CameraLine =>
    ({
      name,
      recipe: "bottle",
      inspector: { status: { bundleId: "b1" } },
      collector: {
        status: { active: false },
        start: ask("collect", { collected: 0, wanted: 10 }),
        stop: ask("collect.stop", { collected: 3, dropped: 0, error: null }),
      },
      trigger: (request: TriggerRequest): Promise<Inspection> => ask("trigger", inspectionOf(7))(request),
      beginTriggering: () => asked.push(["begin", name]),
      endTriggering: () => asked.push(["end", name]),
    }) as unknown as CameraLine;
  const identity = { id: "can", number: 4, version: null, hash: null };
  const actions: StationActions = {
    start: ask("start", undefined),
    stop: ask("stop", undefined),
    reset: ask("reset", undefined),
    trigger: ask("action.trigger", inspectionOf(1)),
    selectRecipe: ask("select", identity),
    prepareRecipe: ask("prepare", identity),
    setThreshold: ask("threshold", undefined),
    resetCounters: ask("counters", undefined),
    startTraining: ask("train", "job"),
    setBypass: ask("bypass", undefined),
  };
  const control: StationControl = {
    models: {
      promote: ask("promote", undefined),
      rollback: ask("rollback", "b0"),
      setThreshold: ask("limits", { reject: 0.5, warn: null }),
    },
    training: { start: () => "job-1", cancel: (id) => id ?? "job-1" },
    line: (camera) => line(camera ?? "cam1"),
    linesFor: (camera) => (camera === null ? [line("cam1"), line("cam2")] : [line(camera)]),
    snapshot: ask("snapshot", { topic: "t", bytes: 1 }),
    republish: () => asked.push(["republish"]),
    publishCameraState: () => undefined,
    now: () => 1000,
    actions,
    ...services,
  };
  const handlers = stationCommands(() => control);
  const send = async <N extends CommandName>(
    name: N,
    params: CommandParams<N>,
    camera: string | null = "cam1",
  ): Promise<CommandOutcome> => handlers[name](params, { camera, by: "anna" });
  return { asked, handlers, send };
}

describe("stationCommands", () => {
  it("has a handler for every command of the contract", () => {
    expect(Object.keys(station().handlers).toSorted()).toEqual([...COMMAND_NAMES].toSorted());
  });

  it("asks all lines where no camera is named, and one where it is", async () => {
    const { asked, send } = station();
    expect((await send("reset", {}, null)).data).toEqual({ cameras: ["cam1", "cam2"] });
    await send("counters.reset", {}, "cam2");
    await send("stop", {}, null);
    expect(asked).toEqual([
      ["reset", "cam1", "anna"],
      ["reset", "cam2", "anna"],
      ["counters", "cam2", "anna"],
      ["stop", "cam1", "anna"],
      ["stop", "cam2", "anna"],
    ]);
  });

  it("passes a trigger's names and the PLC's tag on, and answers with the verdict", async () => {
    const { asked, send } = station();
    const outcome = await send("trigger", { part_id: "SN-1", trigger_id: "t", tag: 17 });
    expect(asked[0]).toEqual(["trigger", { partId: "SN-1", triggerId: "t", tag: 17 }]);
    expect(outcome.data).toMatchObject({ seq: 7, verdict: "OK", action: "pass" });
  });

  it("says what was before and what is now", async () => {
    const { send } = station();
    expect((await send("recipe.select", { recipe: 4 })).change).toEqual({ old: "bottle", new: "can" });
    expect((await send("model.promote", { id: "b2" })).change).toEqual({ old: "b1", new: "b2" });
    expect((await send("model.rollback", {})).change).toEqual({ old: "b1", new: "b0" });
    expect((await send("threshold.set", { reject: 0.4 })).change).toEqual({
      old: { reject: 0.5, warn: null },
      new: { reject: 0.4, warn: null },
    });
  });

  it("switches the bypass on with its key only, and off without", async () => {
    const { asked, send } = station({ bypassKey: "0815-4711" });
    await expect(send("bypass", { on: true, key: "0815-4712" })).rejects.toThrow(/key is missing or wrong/);
    await expect(send("bypass", { on: true })).rejects.toThrow(InputError);
    await send("bypass", { on: true, key: "0815-4711" });
    await send("bypass", { on: false });
    expect(asked).toEqual([
      ["bypass", "cam1", true, "anna"],
      ["bypass", "cam1", false, "anna"],
    ]);
    await expect(station().send("bypass", { on: true, key: "x" })).rejects.toThrow(
      /no bypass key is configured/,
    );
  });

  it("cancels the study or replay that is named, else the training job", async () => {
    const canceled: string[] = [];
    const cancel = (own: string) => (id: string) => {
      canceled.push(`${own} ${id}`);
      return id === own;
    };
    const { send } = station({
      studies: {
        startGauge: () => "gauge-1",
        startChallenge: () => Promise.resolve("c"),
        cancel: cancel("gauge-1"),
      },
      replays: { request: () => Promise.reject(new Error("not asked")), cancel: cancel("replay-1") },
    });
    expect((await send("train.cancel", { job_id: "gauge-1" })).data).toEqual({ job_id: "gauge-1" });
    expect((await send("train.cancel", { job_id: "replay-1" })).data).toEqual({ job_id: "replay-1" });
    expect((await send("train.cancel", {})).data).toEqual({ job_id: "job-1" });
    expect(canceled).toEqual(["gauge-1 gauge-1", "gauge-1 replay-1", "replay-1 replay-1"]);
    expect(await send("gauge.run", {})).toMatchObject({ status: "accepted", jobId: "gauge-1" });
  });

  it("says in words what this station has not", async () => {
    const { send } = station();
    const absent: [CommandName, object, RegExp][] = [
      ["config.get", {}, /without a configuration file/],
      ["backup", {}, /no state folder/],
      ["label.set", { inspection_id: "x", label: "good" }, /no evidence pictures/],
      ["replay", { from: 1 }, /no history/],
      ["gauge.run", {}, /no studies/],
      ["alarm.ack", {}, /no alarms/],
    ];
    for (const [name, params, words] of absent)
      await expect(send(name, params as CommandParams<typeof name>)).rejects.toThrow(words);
  });
});
