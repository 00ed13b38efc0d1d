import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { cp, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { BundleStore } from "../../src/bundles/store.ts";
import { statePaths } from "../../src/config/paths.ts";
import { hasMosquitto, Mosquitto } from "../messaging/mosquitto.ts";
import { until } from "../messaging/plant.ts";
import { trainedState } from "../e2e/quick-state.ts";
import { expectOneAnswerEach, Plant, startStation } from "../e2e/test-station.ts";
import { canMount, fillUp } from "../full-disk.ts";

const LINE = { source: { kind: "simulated", fps: 10, seed: 13 }, deadlineMs: 1000 } as const;

describe.skipIf(!hasMosquitto)("a station with a damaged active model", () => {
  it("runs, rejects every part with the reason, and says so; promoting a sound one ends it", async () => {
    const stateDir = await trainedState();
    const store = new BundleStore(statePaths(stateDir));
    const id = store.active("default") ?? "";
    const file = join(store.dir(id), "inspector.onnx");
    const sound = readFileSync(file);
    const flipped = Buffer.from(sound);
    flipped[flipped.length >> 1]! ^= 0x10;
    writeFileSync(file, flipped);

    const broker = await Mosquitto.start();
    onTestFinished(() => broker.stop());
    const plant = await Plant.at(broker.url);
    const test = await startStation({
      stateDir,
      camera: LINE,
      broker: { kind: "external", url: broker.url, protocolVersion: 5, keepaliveS: 10 },
    });
    const [result] = await plant.more(5);
    expect(result).toMatchObject({ verdict: "ERR", action: "reject", reason: "not_ready" });
    expect(result?.detail).toMatch(/inspector\.onnx.*is damaged.*sha256/);
    const event = plant.heard.json("event").find(({ kind }) => kind === "model.unusable");
    expect(event).toMatchObject({
      camera: "cam1",
      data: { text: expect.stringContaining("inspector.onnx") as string },
    });
    expect(test.station.faults).toContainEqual(
      expect.objectContaining({
        source: "cam1",
        code: "no-model",
        text: expect.stringContaining("damaged") as string,
      }),
    );
    expect(await plant.ask("model.promote", { id })).toMatchObject({ error: { code: "bundle-damaged" } });
    writeFileSync(file, sound);
    expect(await plant.ask("model.promote", { id })).toMatchObject({ status: "ok" });
    await plant.more(3, ({ reason }) => reason === "score");
    await test.station.stop();
    expectOneAnswerEach(plant.results(), test);
  });

  it("runs likewise when the pointer is damaged, and can be taught again", async () => {
    const stateDir = await trainedState();
    writeFileSync(join(statePaths(stateDir).active, "default"), "\0\0\0\0");
    const test = await startStation({ stateDir, camera: LINE });
    const plant = await Plant.at(test.station.brokerUrl);
    const [result] = await plant.more(2);
    expect(result).toMatchObject({ verdict: "ERR", reason: "not_ready" });
    expect(result?.detail).toMatch(/not a bundle id/);
    const [model] = await new BundleStore({ ...statePaths(stateDir), active: join(stateDir, "none") }).list();
    const id = model?.id ?? "";
    expect(await plant.ask("model.promote", { id })).toMatchObject({ status: "ok" });
    await plant.more(2, ({ reason }) => reason === "score");
  });
});

describe.skipIf(!canMount())("a station whose disk fills up (needs root, to mount a small one)", () => {
  it("goes on inspecting and publishing, says so, and is well again once there is space", async () => {
    const trained = await trainedState();
    const disk = await mkdtemp(join(tmpdir(), "assayd-full-disk-"));
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=40m", "tmpfs", disk]);
    onTestFinished(async () => {
      execFileSync("umount", ["-l", disk]);
      await rm(disk, { recursive: true });
    });
    const stateDir = join(disk, "state");
    mkdirSync(stateDir);
    for (const name of ["bundles", "active"])
      await cp(join(trained, name), join(stateDir, name), { recursive: true });

    // no reserve, which store-disk.test.ts looks at: not a byte is left here
    const config = { history: { reserveBytes: 0 } };
    const test = await startStation({ stateDir, camera: LINE, config });
    const plant = await Plant.at(test.station.brokerUrl);
    await plant.more(5, ({ reason }) => reason === "score");
    const filler = join(disk, "filler");
    fillUp(filler);
    const storeFault = () => test.station.faults.find(({ source }) => source === "store");
    await until("the fault is told", () => storeFault() !== undefined, 60_000);
    expect(storeFault()).toMatchObject({ code: "disk-full" });
    await plant.more(20, ({ reason }) => reason === "score");
    const collecting = await plant.ask("collect.start", { count: 5 });
    expect(["ok", "error"]).toContain(collecting.status);
    await plant.more(5, ({ reason }) => reason === "score");
    expect((await plant.ask("collect.stop")).data.collected).toBe(0);
    expect(await plant.ask("threshold.set", { reject: 5 })).toMatchObject({ status: "error" });

    await rm(filler);
    await until("well again", () => storeFault() === undefined, 60_000);
    expect(await plant.ask("threshold.set", { reject: 5 })).toMatchObject({ status: "ok" });
    await plant.more(3, ({ threshold }) => threshold === 5);
    await test.station.stop();
    expectOneAnswerEach(plant.results(), test);
    expect(test.verdicts.every(({ reason }) => reason === "score")).toBe(true);
  });
});
