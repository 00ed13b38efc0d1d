import { describe, expect, test } from "vitest";
import { cameraSchema } from "../../../src/config/schema.ts";
import { startCamera, testPattern } from "./camera-fixture.ts";
import { NetworkCamera } from "./network-camera.ts";

const NEXT = { mode: "next", maxAgeMs: 100, timeoutMs: 8000 } as const;
const { stallTimeoutMs } = cameraSchema.parse({});

/** R9 to R12: what a camera does is noticed, its parts are refused, and it recovers by itself. */
describe("a camera on the network", { timeout: 40_000 }, () => {
  test("that is unplugged fails grabs with words, and is seen again once it is back", async () => {
    await using network = new NetworkCamera();
    await network.plug();
    await using test = startCamera(network.source);
    const before = await test.camera.grab(NEXT);
    network.unplug();
    await test.until(() => test.camera.status.state === "failed");
    await expect(test.camera.grab({ ...NEXT, timeoutMs: 300 })).rejects.toMatchObject({
      code: "no_frame",
      message: expect.stringContaining("failed") as unknown,
    });
    await test.until(() => test.camera.status.restarts >= 1, 20_000); // the process was given up meanwhile
    expect(test.camera.status.connected).toBe(false);
    await network.plug();
    await test.until(() => test.camera.status.connected, 15_000);
    const after = await test.camera.grab(NEXT);
    expect(after.counter).toBeGreaterThan(before.counter);
    expect(test.states.filter(({ state }) => state === "failed")).not.toHaveLength(0);
  });

  test("that falls silent is stalled by the default time-out, and plays again when it speaks", async () => {
    await using network = new NetworkCamera();
    await network.plug();
    await using test = startCamera(network.source);
    await test.camera.grab(NEXT);
    await test.camera.grab(NEXT);
    network.mode = "silent";
    await test.until(() => test.states.some(({ code }) => code === "stalled"));
    const stalled = test.states.find(({ code }) => code === "stalled");
    const silentMs = Number(/no frame for (\d+) ms/.exec(stalled?.message ?? "")?.[1]);
    expect(silentMs).toBeGreaterThan(stallTimeoutMs);
    network.mode = "live";
    await test.until(() => test.camera.status.connected, 15_000);
    await test.camera.grab(NEXT);
  });

  test("that repeats one picture is frozen, its parts are stale, and it is live again with the first other picture", async () => {
    await using network = new NetworkCamera();
    await network.plug();
    await using test = startCamera(network.source, { frozenAfterFrames: 5 });
    test.camera.stream(true);
    await test.until(() => test.frames.length >= 20);
    expect(test.states.some(({ state }) => state === "frozen")).toBe(false);
    network.mode = "still";
    await test.until(() => test.camera.status.frozen);
    await expect(test.camera.grab(NEXT)).rejects.toMatchObject({ code: "stale_frame" });
    network.mode = "live";
    await test.until(() => test.camera.status.state === "playing");
    await test.camera.grab(NEXT);
  });
});

describe("a camera that is to give pictures of another size", { timeout: 40_000 }, () => {
  test("gives them from another process, counting on; grabs fail meanwhile", async () => {
    await using test = startCamera(testPattern());
    test.camera.stream(true);
    const before = await test.camera.grab(NEXT);
    expect(test.camera.resize({ width: 64, height: 64 })).toBe(false);
    const pending = test.camera.grab(NEXT);
    expect(test.camera.resize({ width: 96, height: 32 })).toBe(true);
    await expect(pending).rejects.toMatchObject({ code: "no_frame" });
    await expect(test.camera.grab(NEXT)).rejects.toMatchObject({ code: "no_frame" });
    expect(test.camera.status.connected).toBe(false);
    await test.until(() => test.camera.status.connected, 15_000);
    const after = await test.camera.grab(NEXT);
    expect(after).toMatchObject({ width: 96, height: 32 });
    expect(after.data).toHaveLength(96 * 32 * 3);
    expect(after.counter).toBeGreaterThan(before.counter);
    const ids = test.frames.map(({ frame }) => frame.id);
    expect(new Set(ids).size).toBe(ids.length);
    expect(test.states.some(({ state }) => state === "failed" || state === "stalled")).toBe(false);
  });

  test("does so twice in a row, and stops in the middle of it", async () => {
    await using test = startCamera(testPattern());
    await test.camera.grab(NEXT);
    test.camera.resize({ width: 96, height: 96 });
    test.camera.resize({ width: 32, height: 32 });
    await test.until(() => test.camera.status.connected, 15_000);
    expect(await test.camera.grab(NEXT)).toMatchObject({ width: 32, height: 32 });
    test.camera.resize({ width: 64, height: 64 });
    await test.camera.stop();
    expect(test.camera.status.pid).toBeNull();
  });
});
