import { describe, expect, test } from "vitest";
import { startCamera, testPattern } from "./camera-fixture.ts";

const NEXT = { mode: "next", maxAgeMs: 100, timeoutMs: 8000 } as const;

describe("a camera with faults", { timeout: 25_000 }, () => {
  test.each([
    [
      "pipeline-error",
      "! identity error-after=20",
      /pipeline "videotestsrc.*identity0: Failed after iterations/s,
    ],
    ["eos", "! identity eos-after=20", /the stream has ended/],
  ])("says %s, and plays again in the same process, counting on", async (code, fault, words) => {
    await using test = startCamera(testPattern(fault));
    test.camera.stream(true);
    await test.until(() => test.frames.length >= 50);
    const failed = test.states.find(({ state }) => state === "failed");
    expect(failed).toMatchObject({ code });
    expect(failed?.message).toMatch(words);
    expect(test.camera.status.restarts).toBe(0);
    const lost = test.frames.reduce((sum, { missed }) => sum + missed, 0);
    const [first, last] = [test.frames[0]?.frame.counter ?? 0, test.frames.at(-1)?.frame.counter ?? 0];
    expect(last - first).toBe(test.frames.length - 1 + lost);
  });

  test("starts another process after five failures in a row", async () => {
    await using test = startCamera(testPattern("! identity error-after=2"));
    test.camera.stream(true);
    await test.until(() => test.camera.status.restarts === 1 && test.camera.status.connected, 15_000);
    const ids = test.frames.map(({ frame }) => frame.id);
    expect(new Set(ids).size).toBe(ids.length);
  });

  test("names a device that does not exist, the system's reason and the remedy, once", async () => {
    await using test = startCamera({ kind: "v4l2", device: "/dev/video99" });
    await test.until(() => test.camera.status.restarts === 1, 15_000);
    const failures = test.states.filter(({ state }) => state === "failed");
    expect(failures).toHaveLength(1);
    expect(failures[0]).toMatchObject({ code: "pipeline-error" });
    expect(failures[0]?.message).toContain(
      "camera /dev/video99: v4l2src0: Cannot identify device '/dev/video99'. (No such file or directory). Is it plugged in",
    );
    expect(test.camera.status.connected).toBe(false);
  });

  test("says what is wrong with a pipeline that GStreamer refuses", async () => {
    await using test = startCamera({ kind: "pipeline", launch: "videotestsrc ! nosuchelement" });
    await test.until(() => test.camera.status.state === "failed");
    expect(test.states.at(-1)).toMatchObject({ code: "bad-launch" });
    expect(test.states.at(-1)?.message).toContain('no element "nosuchelement"');
  });

  test("refuses a pipeline that makes no pictures", async () => {
    await using test = startCamera({ kind: "pipeline", launch: "audiotestsrc is-live=true" });
    await test.until(() => test.camera.status.state === "failed");
    expect(test.states.at(-1)).toMatchObject({ code: "wrong-caps" });
  });

  test("says wrong-caps for formats that do not fit", async () => {
    await using test = startCamera(testPattern("! identity ! video/x-raw,width=640"));
    await test.until(() => test.camera.status.state === "failed");
    expect(test.states.at(-1)).toMatchObject({ code: "wrong-caps" });
  });

  test("says which folder is missing", async () => {
    await using test = startCamera({ kind: "folder", path: "no/such/folder" });
    await test.until(() => test.camera.status.state === "failed");
    expect(test.states.at(-1)).toMatchObject({ code: "folder-missing" });
    expect(test.states.at(-1)?.message).toContain("no/such/folder");
  });

  test("a killed capture process fails pending grabs at once, and another gives frames within 3 s", async () => {
    await using test = startCamera({ kind: "simulated", fps: 0.2 });
    const first = await test.camera.grab(NEXT);
    const pending = test.camera.grab(NEXT);
    const begin = performance.now();
    process.kill(test.camera.status.pid ?? 0, "SIGKILL");
    await expect(pending).rejects.toMatchObject({ code: "no_frame" });
    expect(performance.now() - begin).toBeLessThan(300);
    expect(test.states.at(-1)).toMatchObject({ state: "failed", code: "process-ended" });
    await expect(test.camera.grab(NEXT)).rejects.toMatchObject({ code: "no_frame" });
    await test.until(() => test.camera.status.connected, 3000);
    expect((await test.camera.grab({ ...NEXT, mode: "latest", maxAgeMs: 3000 })).counter).toBe(
      first.counter + 1,
    );
  });

  test("a hung capture process is killed and replaced; grabs fail by their own time-out meanwhile", async () => {
    await using test = startCamera(testPattern());
    await test.camera.grab(NEXT);
    const pid = test.camera.status.pid ?? 0;
    process.kill(pid, "SIGSTOP");
    const begin = performance.now();
    await expect(test.camera.grab({ ...NEXT, timeoutMs: 200 })).rejects.toMatchObject({ code: "no_frame" });
    expect(performance.now() - begin).toBeLessThan(400);
    await test.until(() => test.camera.status.pid !== pid && test.camera.status.connected, 8000);
    expect(test.states).toContainEqual(expect.objectContaining({ state: "stalled", code: "silent" }));
    await test.camera.grab(NEXT);
  });

  test("a capture process that is slow has stalled until it speaks again, and stays", async () => {
    await using test = startCamera(testPattern());
    await test.camera.grab(NEXT);
    const { pid } = test.camera.status;
    process.kill(pid ?? 0, "SIGSTOP");
    await test.until(() => test.camera.status.state === "stalled");
    expect(test.states.at(-1)).toMatchObject({ code: "silent" });
    process.kill(pid ?? 0, "SIGCONT");
    await test.until(() => test.camera.status.connected);
    expect([test.camera.status.pid, test.camera.status.restarts]).toEqual([pid, 0]);
    await test.camera.grab(NEXT);
  });
});
