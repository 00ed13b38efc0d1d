import { spawn } from "node:child_process";
import { mkdtemp, mkdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { once } from "node:events";
import sharp from "sharp";
import { describe, expect, test } from "vitest";
import { renderPart } from "../../../src/simulator/product.ts";
import { findProduct } from "../../../src/simulator/products.ts";
import { isAlive, SIZE, startCamera, testPattern } from "./camera-fixture.ts";

const NEXT = { mode: "next", maxAgeMs: 100, timeoutMs: 5000 } as const;

describe("a camera", { timeout: 20_000 }, () => {
  test("gives frames of model size with capture times from PTS, and the JPEG of the full picture", async () => {
    await using test = startCamera(testPattern());
    const frame = await test.camera.grab(NEXT);
    expect(frame).toMatchObject({ camera: "cam1", clock: "pts", simulated: false, truth: null, ...SIZE });
    expect(frame.data).toHaveLength(SIZE.width * SIZE.height * 3);
    expect([...frame.data.subarray(30 * 64 * 3, 30 * 64 * 3 + 3)].every((value) => value > 170)).toBe(true); // first bar: white
    const jpeg = await test.camera.evidence(frame.id);
    expect(await sharp(jpeg ?? undefined).metadata()).toMatchObject({
      format: "jpeg",
      width: 320,
      height: 240,
    });
    expect(await test.camera.evidence("cam1-999999")).toBeNull();
  });

  test("streams 60 frames of a clocked line without a gap, at its pace", async () => {
    await using test = startCamera({ kind: "simulated", fps: 30 });
    test.camera.stream(true);
    await test.until(() => test.frames.length >= 60, 15_000);
    const frames = test.frames.slice(0, 60);
    const first = frames[0]?.frame.counter ?? 0;
    expect(frames.map(({ frame }) => frame.counter)).toEqual(frames.map((_, i) => first + i));
    expect(frames.every(({ missed }) => missed === 0)).toBe(true);
    const meanMs = ((frames[59]?.frame.capturedAt ?? 0) - (frames[0]?.frame.capturedAt ?? 0)) / 59;
    expect(meanMs).toBeGreaterThan(32); // a busy machine plays later, never faster
  });

  test("says how many frames were lost", async () => {
    await using test = startCamera(testPattern("! identity drop-probability=0.5"));
    test.camera.stream(true);
    await test.until(() => test.frames.length >= 20);
    expect(test.frames.some(({ missed }) => missed > 0)).toBe(true);
    const last = test.frames.at(-1)?.frame.counter ?? 0;
    const lost = test.frames.reduce((sum, { missed }) => sum + missed, 0);
    expect(last).toBe((test.frames[0]?.frame.counter ?? 0) + lost + test.frames.length - 1);
  });

  test("gives the newest frame if it is fresh, else waits for one, else says that it is stale", async () => {
    await using test = startCamera({ kind: "simulated", fps: 1 });
    const first = await test.camera.grab(NEXT);
    expect((await test.camera.grab({ mode: "latest", maxAgeMs: 5000, timeoutMs: 100 })).id).toBe(first.id);
    await expect(test.camera.grab({ mode: "latest", maxAgeMs: 0, timeoutMs: 100 })).rejects.toMatchObject({
      code: "stale_frame",
    });
    expect((await test.camera.grab({ mode: "latest", maxAgeMs: 0, timeoutMs: 3000 })).counter).toBe(
      first.counter + 1,
    );
    await expect(test.camera.grab({ mode: "next", maxAgeMs: 0, timeoutMs: 50 })).rejects.toMatchObject({
      code: "no_frame",
    });
  });

  test("renders one part per request, the same for the same counter", async () => {
    const runs = await Promise.all(
      [1, 2].map(async () => {
        await using test = startCamera({ kind: "simulated", pace: "demand", defectShare: 0.5 });
        const frames = [];
        for (let i = 0; i < 5; i++) frames.push(await test.camera.grab(NEXT));
        return frames.map(({ counter, truth, data }) => ({ counter, truth, data: Buffer.from(data) }));
      }),
    );
    expect(runs[0]?.map(({ counter }) => counter)).toEqual([0, 1, 2, 3, 4]);
    expect(runs[0]?.some(({ truth }) => truth?.label === "bad")).toBe(true);
    expect(runs[0]).toEqual(runs[1]);
  });

  test("shows the product that the source names", async () => {
    const source = { kind: "simulated", pace: "demand", defectShare: 1, seed: 9 } as const;
    await using test = startCamera({ ...source, product: "lens" });
    const { data, truth, width, height } = await test.camera.grab(NEXT);
    const part = { index: 0, seed: 9, size: { width, height }, content: "mixed", defectShare: 1 } as const;
    const rendered = renderPart(part, findProduct("lens"));
    expect(truth).toEqual(rendered.truth);
    expect(Buffer.from(data).equals(rendered.data)).toBe(true);
  });

  test("plays only good parts when told to, and keeps to it over a restart", async () => {
    await using test = startCamera({ kind: "simulated", pace: "demand", defectShare: 1 });
    expect((await test.camera.grab(NEXT)).truth?.label).toBe("bad");
    test.camera.line("normal");
    expect((await test.camera.grab(NEXT)).truth?.label).toBe("good");
    process.kill(test.camera.status.pid ?? 0, "SIGKILL");
    await test.until(() => test.camera.status.restarts === 1 && test.camera.status.state === "failed");
    const frame = await test.camera.grab(NEXT);
    expect(frame).toMatchObject({ counter: 2, truth: { label: "good" } });
  });

  test("plays a folder once, gives each picture with its truth, and says that it has ended", async () => {
    const folder = await mkdtemp(join(tmpdir(), "capture-"));
    try {
      for (const [path, grey] of [
        ["train/good/a.png", 60],
        ["test/good/b.png", 120],
        ["test/scratch/c.png", 180],
      ] as const) {
        await mkdir(join(folder, path, ".."), { recursive: true });
        const noise = { type: "gaussian", mean: grey, sigma: 10 } as const;
        await sharp({ create: { width: 100, height: 80, channels: 3, background: "black", noise } })
          .png()
          .toFile(join(folder, path));
      }
      await using test = startCamera({ kind: "folder", path: folder, pace: "demand", repeat: false });
      const frames = [await test.camera.grab(NEXT), await test.camera.grab(NEXT)];
      expect(frames.map(({ truth }) => truth?.source).sort()).toEqual(["good", "scratch"]);
      await expect(test.camera.grab(NEXT)).rejects.toMatchObject({ code: "no_frame" });
      expect(test.camera.status.state).toBe("ended");
      test.camera.line("normal");
      const normal = await test.camera.grab(NEXT);
      expect(normal).toMatchObject({ counter: 2, simulated: true, truth: { label: "good" } });
      expect(normal.data[0] ?? 0).toBeLessThan(110);
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  test("scales down without moiré: single-pixel lines become grey", async () => {
    const source = {
      kind: "pipeline",
      launch:
        "videotestsrc is-live=true pattern=checkers-1 ! video/x-raw,width=1024,height=1024,framerate=10/1",
    };
    await using test = startCamera(source, { checkImage: false });
    const { data } = await test.camera.grab(NEXT);
    const red = data.filter((_, i) => i % 3 === 0); // the checkers are pure red and green
    expect(Math.min(...red)).toBeGreaterThan(100);
    expect(Math.max(...red)).toBeLessThan(150);
  });

  test("refuses a black picture to a grab, and gives it if told not to look", async () => {
    const black = testPattern("", "pattern=black");
    await using strict = startCamera(black);
    await expect(strict.camera.grab(NEXT)).rejects.toMatchObject({ code: "image_quality" });
    await using lenient = startCamera(black, { checkImage: false });
    expect((await lenient.camera.grab(NEXT)).counter).toBeGreaterThanOrEqual(0);
  });

  test("notices a frozen picture, and refuses it as stale", async () => {
    await using test = startCamera(testPattern("", "pattern=circular"), { frozenAfterFrames: 5 });
    await test.until(() => test.camera.status.frozen);
    await expect(test.camera.grab(NEXT)).rejects.toMatchObject({ code: "stale_frame" });
  });

  test("reports rate, age, light and memory once a second", async () => {
    await using test = startCamera(testPattern());
    await test.until(() => test.camera.status.fps > 20);
    const { frameAgeMs, brightness, sharpness, rssBytes, connected } = test.camera.status;
    expect(connected).toBe(true);
    expect(frameAgeMs).toBeLessThan(1500);
    expect(brightness).toBeGreaterThan(20);
    expect(sharpness).toBeGreaterThan(0);
    expect(rssBytes).toBeLessThan(200e6);
  });

  test("stops within a second although a pull is pending", async () => {
    const test = startCamera({ kind: "simulated", pace: "demand" });
    await test.camera.grab(NEXT);
    const { pid } = test.camera.status;
    const begin = performance.now();
    await test.camera.stop();
    expect(performance.now() - begin).toBeLessThan(1000);
    expect(isAlive(pid ?? 0)).toBe(false);
  });

  test("leaves no capture process behind when the main process is killed", async () => {
    const parent = spawn(process.execPath, [join(import.meta.dirname, "orphan-fixture.ts")], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const [line] = (await once(parent.stdout, "data")) as [Buffer];
    const pid = Number(line.toString());
    expect(isAlive(pid)).toBe(true);
    parent.kill("SIGKILL");
    await once(parent, "exit");
    const end = performance.now() + 3000;
    while (isAlive(pid) && performance.now() < end) await new Promise((resolve) => setTimeout(resolve, 20));
    expect(isAlive(pid)).toBe(false);
  });
});
