import { beforeEach, describe, expect, it } from "vitest";
import type { Inspection } from "../../src/domain/inspection.ts";
import { cameraStateSchema, type CameraStateMessage } from "../../src/messaging/schemas/camera.ts";
import { trainedState } from "../e2e/quick-state.ts";
import { expectOneAnswerEach, Plant, startStation, type TestStation } from "../e2e/test-station.ts";
import { until } from "../messaging/plant.ts";
import { EjectorPlc } from "./ejector-plc.ts";
import { TestCamera } from "./test-camera.ts";

/** 10 triggers a second whatever the camera does: a blind camera's parts still need an answer. */
const LINE = {
  trigger: { kind: "rate", partsPerSecond: 10 },
  stallTimeoutMs: 500,
  frozenAfterFrames: 5,
  deadlineMs: 600,
} as const;
/** Time in which a part that was under way when something changed has its answer. */
const SETTLED = 12;

describe("a camera that fails while a line runs at 10 parts/s (promises.md R9 to R12)", () => {
  let camera: TestCamera;
  let plc: EjectorPlc;
  let test: TestStation;
  let plant: Plant;

  beforeEach(async () => {
    camera = await TestCamera.start();
    plc = await EjectorPlc.start();
    const config = { ...LINE, source: camera.source, reject: plc.reject } as const;
    test = await startStation({ stateDir: await trainedState(), camera: config });
    plant = await Plant.at(test.station.brokerUrl);
    await plant.ask("threshold.set", { reject: 1000 }); // every judged part passes
    await plant.more(5, ({ action }) => action === "pass");
  });

  const lastState = (): CameraStateMessage | undefined => {
    const last = plant.heard.json("cam/cam1/state").at(-1);
    return last && cameraStateSchema.parse(last);
  };

  /** What a late subscriber finds on the retained topic. */
  async function retainedFault(): Promise<string | undefined> {
    const late = await Plant.at(test.station.brokerUrl);
    await until("the retained state", () => late.heard.on("cam/cam1/state").length > 0);
    return cameraStateSchema.parse(late.heard.json("cam/cam1/state")[0]).fault?.code;
  }

  /** While it lasts every part is `ERR` for this reason, and none passes; afterwards parts are judged again, by themselves. */
  async function fails(fault: string | null, reasons: readonly string[], begin: () => void, end: () => void) {
    begin();
    if (fault !== null) await until(fault, () => lastState()?.fault?.code === fault, 30_000);
    await plant.more(3, ({ reason }) => reasons.includes(reason), 30_000);
    const from = test.verdicts.length + SETTLED;
    await until("the parts of the fault", () => test.verdicts.length >= from + 20, 30_000);
    if (fault !== null) expect(await retainedFault()).toBe(fault);
    const blind = test.verdicts.slice(from);
    end();
    for (const { verdict, action, reason } of blind) {
      expect([verdict, action]).toEqual(["ERR", "reject"]);
      expect([...reasons, "not_ready"]).toContain(reason);
    }
    await plant.more(20, ({ action }) => action === "pass", 60_000);
    await until("no fault", () => lastState()?.fault === null, 30_000);
    return blind;
  }

  async function expectNoneSlipped(blind: readonly Inspection[]): Promise<void> {
    await test.station.stop();
    const slipped = blind.filter(({ times }) => plc.letPass(times));
    expect(slipped.map(({ seq, reason }) => `${seq} ${reason}`)).toEqual([]);
    await until("all results", () => plant.results().at(-1)?.seq === test.station.line("cam1").lastSeq);
    expectOneAnswerEach(plant.results(), test);
  }

  it("unplugged, or sending half a picture before it goes: no_frame; plugged in again it is judged as before", async () => {
    const gone = await fails(
      "camera-failed",
      ["no_frame"],
      () => {
        camera.unplug();
      },
      () => {
        camera.plug();
      },
    );
    const torn = await fails(
      "camera-failed",
      ["no_frame"],
      () => {
        camera.shows = "short"; // rows would be shifted if the rest were taken for the next picture's beginning
        setTimeout(() => {
          camera.unplug();
        }, 70);
      },
      () => {
        camera.shows = "noise";
        camera.plug();
      },
    );
    await expectNoneSlipped([...gone, ...torn]);
  }, 180_000);

  it("silent: no_frame, said as a fault; when it speaks again it is judged as before", async () => {
    const blind = await fails(
      "camera-stalled",
      ["no_frame"],
      () => {
        camera.shows = "silence";
      },
      () => {
        camera.shows = "noise";
      },
    );
    await expectNoneSlipped(blind);
  }, 180_000);

  it("frozen: stale_frame, said as a fault", async () => {
    const blind = await fails(
      "camera-frozen",
      ["stale_frame"],
      () => {
        camera.shows = "frozen";
      },
      () => {
        camera.shows = "noise";
      },
    );
    await expectNoneSlipped(blind);
  }, 180_000);

  it("black, white or flat: image_quality, never good", async () => {
    const blind: Inspection[] = [];
    for (const shows of ["black", "white", "flat"] as const) {
      const parts = await fails(
        null,
        ["image_quality"],
        () => {
          camera.shows = shows;
        },
        () => {
          camera.shows = "noise";
        },
      );
      blind.push(...parts);
    }
    await expectNoneSlipped(blind);
  }, 180_000);
});
