import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import { setTimeout as sleep } from "node:timers/promises";
import { pino } from "pino";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Scored } from "../../../src/inspection/infer/open-part.ts";
import type { Inspector, InspectorChange } from "../../../src/inspection/infer/inspector.ts";
import { InferencePool } from "../../../src/inspection/infer/pool.ts";
import { expectedScore, picture, sampleBundle } from "../../bundles/sample-bundle.ts";

const ask = { threshold: 0.5, wantMap: "never" as const, timeoutMs: 10_000 };
let folder: string;
let changes: InspectorChange[];
let pool: InferencePool;
let inspector: Inspector;

function newPool(changes: { hangTimeoutMs?: number; now?: () => number } = {}): InferencePool {
  return new InferencePool({
    providers: ["tensorrt", "cuda", "cpu"],
    threads: 1,
    precision: "fp32",
    engineCacheDir: join(folder, "engines"),
    preparedBundles: 4,
    hangTimeoutMs: 1000,
    logger: pino({ level: "silent" }),
    now: () => performance.now(),
    ...changes,
  });
}

const newInspector = (): Inspector =>
  pool.client({ camera: "cam1", onState: (change) => changes.push(change) });
const pidOf = (of: Inspector): number => {
  const { pid } = of.status;
  if (pid === null) throw new Error("no process");
  return pid;
};
const becomesReady = () => vi.waitUntil(() => inspector.status.ready, { timeout: 30_000, interval: 20 });

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "assayd-inspector-"));
  changes = [];
  pool = newPool();
  inspector = newInspector();
});

afterEach(async () => {
  await pool.stop();
  await rm(folder, { recursive: true, force: true });
});

describe("Inspector", () => {
  it("loads a bundle on the CPU, says why not on a GPU, and scores pictures", async () => {
    const report = await inspector.load(await sampleBundle(folder, "one"));
    expect(report.provider.provider).toBe("cpu");
    expect(report.provider.proof).toMatch(/^profiled: (\d+) of \1 nodes on CPUExecutionProvider$/);
    expect(report.provider.rejected.map((entry) => entry.provider)).toEqual(["tensorrt", "cuda"]);
    expect(report.goldenMaxDiff).toBeLessThan(1e-6);
    const scored = await inspector.infer(picture(200), { ...ask, wantMap: "always" });
    expect(scored.score).toBeCloseTo(expectedScore(200), 6);
    expect(scored.bundleId).toBe("one");
    expect(scored.map?.values.length).toBe(256);
    expect(scored.regions).toEqual([
      expect.objectContaining({ x: 4 / 16, y: 1 / 16, w: 1 / 16, h: 1 / 16, area: 1 / 256 }),
    ]);
  });

  it("scores a picture of 5 MB in tiles, as one part", async () => {
    const large = { width: 1600, height: 1040 };
    const tiling = { picture: large, overlapPx: 16, ignored: null };
    const options = { size: { width: 320, height: 320 }, tiling };
    const { size, runsPerPicture } = await inspector.load(await sampleBundle(folder, "large", options));
    expect([size, runsPerPicture]).toEqual([large, 24]);
    const scored = await inspector.infer(picture(200, large), { ...ask, wantMap: "always" });
    expect(scored.score).toBeCloseTo(expectedScore(200), 5);
    expect(scored.map).toMatchObject({ size: large });
    expect(scored.map?.values).toHaveLength(1600 * 1040);
  });

  it("says not-ready before the first load, and refuses a picture of the wrong size", async () => {
    await expect(inspector.infer(picture(1), ask)).rejects.toMatchObject({ code: "not-ready" });
    await inspector.load(await sampleBundle(folder, "one"));
    await expect(inspector.infer(new Uint8Array(5), ask)).rejects.toMatchObject({ code: "model-error" });
  });

  it("keeps the old bundle when the golden frames of the new one score wrong", async () => {
    await inspector.load(await sampleBundle(folder, "good"));
    const wrong = await sampleBundle(folder, "wrong", { goldenError: 0.002 });
    await expect(inspector.load(wrong)).rejects.toMatchObject({
      name: "ModelError",
      code: "golden-mismatch",
    });
    expect(inspector.status).toMatchObject({ bundleId: "good", ready: true });
    expect((await inspector.infer(picture(100), ask)).bundleId).toBe("good");
  });

  it("swaps bundles under load: every part is answered once, by the bundle it was given to", async () => {
    await inspector.load(await sampleBundle(folder, "a", { gain: 1 }));
    const second = await sampleBundle(folder, "b", { gain: 2 });
    const answers: Promise<Scored>[] = [];
    const swap = inspector.load(second);
    let remaining = Infinity;
    void swap.then(() => (remaining = 50));
    for (; remaining > 0; remaining -= 1) {
      answers.push(inspector.infer(picture(answers.length % 200), ask));
      await answers.at(-8); // no more may be under way
      await sleep(2);
    }
    const scored = await Promise.all(answers);
    for (const [index, { score, bundleId }] of scored.entries()) {
      const peak = Math.max(10, index % 200);
      expect(score).toBeCloseTo(expectedScore(peak, bundleId === "a" ? 1 : 2), 5);
    }
    const firstOfB = scored.findIndex((answer) => answer.bundleId === "b");
    expect(firstOfB).toBeGreaterThan(0);
    expect(scored.slice(firstOfB).every((answer) => answer.bundleId === "b")).toBe(true);
  });

  it("restarts after kill -9: parts under way are rejected at once, later ones are scored", async () => {
    await inspector.load(await sampleBundle(folder, "one"));
    const killed = pidOf(inspector);
    process.kill(killed, "SIGSTOP");
    const underWay = Array.from({ length: 5 }, () => inspector.infer(picture(50), ask));
    const settled = Promise.allSettled(underWay);
    const begun = performance.now();
    process.kill(killed, "SIGKILL");
    const outcomes = await settled;
    expect(performance.now() - begun).toBeLessThan(500);
    for (const outcome of outcomes) {
      expect(outcome).toMatchObject({ status: "rejected", reason: { code: "process-died" } });
    }
    expect(inspector.status).toMatchObject({ ready: false, bundleId: "one" });
    await becomesReady();
    expect(pidOf(inspector)).not.toBe(killed);
    expect(inspector.status.restarts).toBe(1);
    expect((await inspector.infer(picture(60), ask)).score).toBeCloseTo(expectedScore(60), 6);
  });

  it("kills and restarts a process that hangs (SIGSTOP) with a part under way", async () => {
    await inspector.load(await sampleBundle(folder, "one"));
    const hung = pidOf(inspector);
    process.kill(hung, "SIGSTOP");
    await expect(inspector.infer(picture(50), ask)).rejects.toMatchObject({
      code: "process-died",
      message: /hung/,
    });
    await becomesReady();
    expect(pidOf(inspector)).not.toBe(hung);
  });

  it("rejects a part as late at its deadline and never applies the late answer", async () => {
    pool = newPool({ hangTimeoutMs: 5000 });
    inspector = newInspector();
    await inspector.load(await sampleBundle(folder, "one"));
    const pid = pidOf(inspector);
    process.kill(pid, "SIGSTOP");
    const begun = performance.now();
    await expect(inspector.infer(picture(50), { ...ask, timeoutMs: 100 })).rejects.toMatchObject({
      code: "late",
    });
    expect(performance.now() - begun).toBeLessThan(200);
    process.kill(pid, "SIGCONT");
    expect((await inspector.infer(picture(77), ask)).score).toBeCloseTo(expectedScore(77), 6);
  });

  it("gives up a part when its signal aborts", async () => {
    await inspector.load(await sampleBundle(folder, "one"));
    const abort = new AbortController();
    process.kill(pidOf(inspector), "SIGSTOP");
    const waiting = inspector.infer(picture(50), { ...ask, signal: abort.signal });
    abort.abort();
    await expect(waiting).rejects.toMatchObject({ code: "aborted" });
  });

  it(
    "reports a crash loop after five deaths of one bundle, and a load ends it",
    { timeout: 60_000 },
    async () => {
      pool = newPool({ now: () => performance.now() / 10 }); // a minute for a busy machine
      inspector = newInspector();
      await inspector.load(await sampleBundle(folder, "bad"));
      for (let death = 0; death < 5; death += 1) {
        await becomesReady();
        process.kill(pidOf(inspector), "SIGKILL");
        await vi.waitUntil(() => !inspector.status.ready, { timeout: 10_000, interval: 5 });
      }
      expect(changes.filter((change) => change.state === "crash-loop")).toEqual([
        expect.objectContaining({ bundleId: "bad" }),
      ]);
      await inspector.load(await sampleBundle(folder, "parent"));
      expect(inspector.status).toMatchObject({ bundleId: "parent", ready: true });
      await sleep(1800); // the cancelled restart of "bad" must not come back
      expect(inspector.status.bundleId).toBe("parent");
    },
  );

  it("refuses a bundle that does not exist", async () => {
    await expect(inspector.load(join(folder, "none"))).rejects.toMatchObject({ code: "bundle-missing" });
    expect(inspector.status).toMatchObject({ bundleId: null, ready: false });
  });
});
