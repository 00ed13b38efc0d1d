import { describe, expect, it } from "vitest";
import { InputError } from "../../src/domain/errors.ts";
import { heldVisionState, newLineMode } from "../../src/opcua/line-mode.ts";
import { performCall } from "../../src/opcua/perform-call.ts";
import type { Call, CallAnswer } from "../../src/opcua/protocol.ts";
import { FakeStation, RECIPES } from "./fake-station.ts";

const FAULT = { code: "camera-lost", text: "gone", since: "2026-01-01T00:00:00Z" };

function lineOf(camera: "cam1" | "cam2") {
  const station = new FakeStation();
  const mode = newLineMode();
  const prepared = new Set<string>();
  const ended: string[] = [];
  const view = () => station.view().lines.find(({ name }) => name === camera)!;
  let jobs = 0;
  const call = (method: Call["method"], given: Partial<Call> = {}): Promise<CallAnswer> =>
    performCall(
      { camera, method, recipe: null, partId: null, measId: null, by: "opcua:ann", ...given },
      {
        actions: station,
        view,
        mode,
        recipes: RECIPES,
        prepared,
        newJobId: () => `job-${(jobs += 1)}`,
        jobEnded: (id) => {
          ended.push(id);
          if (mode.job?.id === id) mode.job = null;
        },
        wait: () => new Promise((resolve) => setImmediate(resolve)),
      },
    );
  return { station, mode, prepared, ended, call, state: () => heldVisionState(view(), mode) };
}

describe("a line on command", () => {
  it("runs a job without waiting for its verdict, and takes no second one", async () => {
    const { station, call, state, ended } = lineOf("cam1");
    const { promise, resolve } = Promise.withResolvers<object>();
    station.judge = () => promise;
    expect(await call("StartSingleJob", { partId: "p" })).toEqual({ ok: true, jobId: "job-1", recipe: null });
    expect(state()).toBe("SingleExecution");
    expect(await call("StartSingleJob")).toMatchObject({ ok: false, why: "invalid-state" });
    expect(await call("Stop")).toMatchObject({ ok: true });
    expect(state()).toBe("SingleExecution"); // until its deadline
    resolve({});
    await new Promise((later) => setImmediate(later));
    expect([ended, state()]).toEqual([["job-1"], "Ready"]);
    expect(station.asked).toEqual(["trigger cam1 p"]);
  });

  it("says why the station takes no part, and stays where it was", async () => {
    const { station, call, state, mode } = lineOf("cam1");
    station.judge = () => Promise.reject(new InputError("overrun", "too many parts"));
    expect(await call("StartSingleJob")).toEqual({ ok: false, why: "refused", message: "too many parts" });
    expect([state(), mode.job, mode.cause]).toEqual(["Ready", null, null]);
  });

  it("changes the recipe with a start, and prepares another beside the active one", async () => {
    const { station, call, prepared } = lineOf("cam1");
    expect(await call("PrepareRecipe", { recipe: "can" })).toMatchObject({ ok: true, recipe: { id: "can" } });
    expect([...prepared]).toEqual(["can"]);
    await call("StartSingleJob", { recipe: "can" });
    await call("StartSingleJob", { recipe: "can" });
    expect(station.asked).toEqual([
      "prepare cam1 can opcua:ann",
      "select cam1 can opcua:ann",
      "trigger cam1 no part",
      "trigger cam1 no part",
    ]);
    expect(await call("UnprepareRecipe", { recipe: "bottle" })).toMatchObject({
      ok: true,
      recipe: { id: "bottle" },
    });
  });

  it("is started by PrepareRecipe when it is stopped, and stopped by UnprepareRecipe", async () => {
    const { station, call, state } = lineOf("cam1");
    station.set("cam1", { running: false });
    expect(state()).toBe("Initialized");
    expect(await call("PrepareRecipe")).toMatchObject({ ok: false, why: "invalid-argument" });
    await call("PrepareRecipe", { recipe: "bottle" });
    expect(state()).toBe("Ready");
    await call("UnprepareRecipe");
    expect(state()).toBe("Initialized");
    expect(station.lines.cam1).toMatchObject({ running: false });
  });
});

describe("a line that runs by itself", () => {
  it("is held in Ready by Stop until it is started, by whomever", async () => {
    const { station, call, state } = lineOf("cam2");
    await call("Stop");
    expect(state()).toBe("Ready");
    expect(await call("StartContinuous")).toMatchObject({ ok: true, jobId: "job-1" });
    expect(state()).toBe("ContinuousExecution");
    await call("Abort");
    station.set("cam2", { running: true });
    expect(state()).toBe("ContinuousExecution");
  });

  it("gives up the active recipe in Ready only", async () => {
    const { call, state } = lineOf("cam2");
    expect(await call("UnprepareRecipe")).toMatchObject({ ok: false, why: "invalid-state" });
    await call("Stop");
    expect(await call("UnprepareRecipe")).toMatchObject({ ok: true });
    expect(state()).toBe("Initialized");
  });

  it("is not held where the station would not stop", async () => {
    const { station, call, state, mode } = lineOf("cam2");
    station.stop = () => Promise.reject(new InputError("keyed", "only with the key"));
    expect(await call("Halt")).toEqual({ ok: false, why: "refused", message: "only with the key" });
    expect([state(), mode.held]).toEqual(["ContinuousExecution", null]);
  });
});

describe("a fault", () => {
  it("is acknowledged by Reset and by ConfirmAll; the line goes on by itself", async () => {
    for (const method of ["Reset", "ConfirmAll"] as const) {
      const { station, call, state } = lineOf("cam2");
      station.set("cam2", { fault: FAULT, awaitsReset: true });
      expect(state()).toBe("Error");
      await call(method);
      expect(state()).toBe("ContinuousExecution");
      expect(station.asked).toEqual(["reset cam2 opcua:ann"]);
    }
  });

  it("does not hide that a line was halted", async () => {
    const { station, call, state } = lineOf("cam2");
    station.set("cam2", { fault: FAULT });
    await call("Halt");
    expect(state()).toBe("Halted");
    await call("Reset");
    expect(state()).toBe("Preoperational");
    await call("SelectModeAutomatic");
    expect(state()).toBe("Initialized");
    station.set("cam2", { fault: FAULT });
    expect(state()).toBe("Error");
  });

  it("takes no start", async () => {
    const { station, call } = lineOf("cam1");
    station.set("cam1", { fault: FAULT });
    expect(await call("StartSingleJob")).toMatchObject({ ok: false, why: "invalid-state" });
    expect(station.asked).toEqual([]);
  });
});
