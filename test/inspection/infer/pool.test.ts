import { readdirSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import { setTimeout as sleep } from "node:timers/promises";
import { pino } from "pino";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Inspector, InspectorChange } from "../../../src/inspection/infer/inspector.ts";
import { InferencePool, type InferencePoolOptions } from "../../../src/inspection/infer/pool.ts";
import { expectedScore, picture, sampleBundle } from "../../bundles/sample-bundle.ts";

const ask = { threshold: 0.5, wantMap: "never" as const, timeoutMs: 10_000 };
const CRASHING = new URL("./crashing-process.ts", import.meta.url);
let folder: string;
let pool: InferencePool;
let told: Map<string, InspectorChange[]>;

function newPool(changes: Partial<InferencePoolOptions> = {}): InferencePool {
  return new InferencePool({
    providers: ["cpu"],
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

function client(camera: string): Inspector {
  const changes: InspectorChange[] = [];
  told.set(camera, changes);
  return pool.client({ camera, onState: (change) => changes.push(change) });
}

/** A camera with a bundle of its own, which it is named after. */
async function judging(camera: string, bundle: string, gain = 1): Promise<Inspector> {
  const inspector = client(camera);
  await inspector.load(await sampleBundle(folder, bundle, { gain }));
  return inspector;
}

/** For what must happen within a minute: on a busy machine it still does. */
const slowClock = (): number => performance.now() / 10;
const becomesReady = (inspector: Inspector) =>
  vi.waitUntil(() => inspector.status.ready, { timeout: 30_000, interval: 10 });
const shareOneProcess = (...inspectors: readonly Inspector[]) =>
  vi.waitUntil(() => new Set(inspectors.map(({ status }) => status.pid)).size === 1, {
    timeout: 30_000,
    interval: 10,
  });
const statesOf = (camera: string) => (told.get(camera) ?? []).map(({ state }) => state);

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "assayd-pool-"));
  told = new Map();
  pool = newPool();
});

afterEach(async () => {
  await pool.stop();
  await rm(folder, { recursive: true, force: true });
});

describe("InferencePool", () => {
  it("serves all cameras from one process, each with its own bundle", async () => {
    const one = await judging("cam1", "a", 1);
    const two = await judging("cam2", "b", 2);
    const three = client("cam3");
    await three.load(join(folder, "a"));
    await shareOneProcess(one, two, three);
    const answers = await Promise.all(
      [one, two, three, one, two, three].map((inspector, i) => inspector.infer(picture(60 + i), ask)),
    );
    expect(answers.map(({ bundleId }) => bundleId)).toEqual(["a", "b", "a", "a", "b", "a"]);
    for (const [i, { score, bundleId }] of answers.entries())
      expect(score).toBeCloseTo(expectedScore(60 + i, bundleId === "b" ? 2 : 1), 5);
  });

  it("changes over to a prepared bundle from one part to the next", async () => {
    const inspector = await judging("cam1", "a", 1);
    const report = await inspector.prepare(await sampleBundle(folder, "b", { gain: 2 }));
    expect(report).toMatchObject({ bundleId: "b" });
    const before = inspector.infer(picture(100), ask);
    inspector.activate("b");
    const after = inspector.infer(picture(100), ask);
    expect((await before).bundleId).toBe("a");
    expect(await after).toMatchObject({
      bundleId: "b",
      score: expect.closeTo(expectedScore(100, 2), 5) as number,
    });
    expect(inspector.status).toMatchObject({ bundleId: "b", ready: true });
    expect(() => {
      inspector.activate("a");
    }).toThrow(expect.objectContaining({ code: "not-prepared" }) as Error); // it was not prepared: gone with its last part
  });

  it("keeps so many prepared bundles, and of more gives up the one used longest ago", async () => {
    pool = newPool({ preparedBundles: 2 });
    const inspector = await judging("cam1", "a");
    for (const id of ["b", "c"]) await inspector.prepare(await sampleBundle(folder, id));
    inspector.activate("b");
    await inspector.prepare(join(folder, "a"));
    inspector.activate("a"); // c was used longest ago
    await inspector.prepare(await sampleBundle(folder, "d"));
    expect(() => pool.find("c")).toThrow(/not loaded/);
    for (const id of ["a", "b", "d"]) expect(pool.find(id).report.bundleId).toBe(id);
    inspector.release("b");
    expect(() => pool.find("b")).toThrow(/not loaded/);
  });

  it("leaves one process with as many threads as before after some swaps", { timeout: 60_000 }, async () => {
    const inspector = await judging("cam1", "s0");
    const threads = (): number => readdirSync(`/proc/${inspector.status.pid ?? 0}/task`).length;
    const before = threads();
    for (let swap = 1; swap <= 5; swap += 1) await inspector.load(await sampleBundle(folder, `s${swap}`));
    await vi.waitUntil(() => threads() <= before + 1, { timeout: 5000, interval: 20 });
    expect((await inspector.infer(picture(50), ask)).bundleId).toBe("s5");
  });

  it("stops in the middle of a load, which then fails", async () => {
    const inspector = await judging("cam1", "a");
    const { pid } = inspector.status;
    const loading = Promise.allSettled([client("cam2").load(await sampleBundle(folder, "b"))]);
    await sleep(100);
    await pool.stop();
    expect(await loading).toMatchObject([{ status: "rejected", reason: { name: "ModelError" } }]);
    expect(() => process.kill(pid ?? 0, 0)).toThrow("ESRCH");
    await expect(inspector.load(join(folder, "a"))).rejects.toMatchObject({ code: "stopped" });
  });

  it("gives four cameras their shares of a model that is too slow for all", { timeout: 60_000 }, async () => {
    const dir = await sampleBundle(folder, "slow", { rounds: 60, size: { width: 128, height: 128 } });
    const data = picture(50, { width: 128, height: 128 });
    const cameras = ["hasty", "b", "c", "d"].map((name) => client(name));
    for (const camera of cameras) await camera.load(dir);
    const costs: number[] = [];
    for (let i = 0; i < 21; i += 1) costs.push((await cameras[0]!.infer(data, ask)).inferMs);
    const costMs = costs.toSorted((a, b) => a - b)[10]!;
    const answered = cameras.map(() => 0);
    const isOver = (): boolean => answered.reduce((sum, count) => sum + count, 0) >= 200;
    await Promise.all(
      cameras.flatMap((camera, index) =>
        Array.from({ length: 8 }, async () => {
          // with earliest deadline first alone, the hasty camera would have it all
          const timeoutMs = costMs * (index === 0 ? 16 : 24);
          while (!isOver()) {
            const answer = await camera.infer(data, { ...ask, timeoutMs }).catch(() => null);
            if (answer) answered[index]! += 1;
          }
        }),
      ),
    );
    const total = answered.reduce((sum, count) => sum + count, 0);
    for (const count of answered) expect(count).toBeGreaterThan(total / 8);
  });
});

describe("a fault of one camera's bundle", () => {
  beforeEach(() => {
    pool = newPool({ entry: CRASHING, aloneMs: 500, now: slowClock });
  });

  it("that kills its process while it is loaded is the load's error, and nobody else's", async () => {
    const good = await judging("cam1", "good");
    const { pid } = good.status;
    await expect(client("cam2").load(await sampleBundle(folder, "bad-load"))).rejects.toMatchObject({
      code: "load-crashed",
    });
    expect(good.status).toMatchObject({ pid, ready: true, restarts: 0 });
    expect((await good.infer(picture(90), ask)).score).toBeCloseTo(expectedScore(90), 5);
  });

  it(
    "that kills the process again and again ends as its own crash loop; the others go on after the first time",
    { timeout: 60_000 },
    async () => {
      const good = await judging("cam1", "good");
      const bad = await judging("cam2", "bad-run");
      await shareOneProcess(good, bad);
      await expect(bad.infer(picture(50), ask)).rejects.toMatchObject({ code: "process-died" });
      await becomesReady(good);
      const { pid } = good.status;
      let judged = 0;
      for (let death = 1; death < 5; death += 1) {
        await becomesReady(bad);
        const [dies, lives] = await Promise.allSettled([
          bad.infer(picture(50), ask),
          good.infer(picture(60), ask),
        ]);
        expect(dies).toMatchObject({ status: "rejected", reason: { code: "process-died" } });
        if (lives.status === "fulfilled") judged += 1;
      }
      expect(judged).toBe(4);
      expect(good.status).toMatchObject({ pid, ready: true, restarts: 1 });
      expect(statesOf("cam1")).toEqual(["ready", "restarting", "ready"]);
      expect(told.get("cam2")?.filter(({ state }) => state === "crash-loop")).toEqual([
        {
          state: "crash-loop",
          bundleId: "bad-run",
          detail: expect.stringMatching(/5 times within 60 s/) as string,
        },
      ]);
      await bad.load(await sampleBundle(folder, "parent", { gain: 2 }));
      expect(bad.status).toMatchObject({ bundleId: "parent", ready: true });
      await shareOneProcess(good, bad);
      expect(good.status.pid).toBe(pid);
      await sleep(2000); // the restart that was waiting must not come
      expect((await bad.infer(picture(50), ask)).bundleId).toBe("parent");
    },
  );

  it("that was none: what lived alone for a while goes back to the others, and no part is lost", async () => {
    const one = await judging("cam1", "a");
    const two = await judging("cam2", "b");
    await shareOneProcess(one, two);
    const shared = one.status.pid ?? 0;
    process.kill(shared, "SIGSTOP");
    const underWay = [one.infer(picture(50), ask), two.infer(picture(50), ask)];
    process.kill(shared, "SIGKILL");
    for (const outcome of await Promise.allSettled(underWay))
      expect(outcome).toMatchObject({ status: "rejected", reason: { code: "process-died" } });
    await Promise.all([becomesReady(one), becomesReady(two)]);
    expect(one.status.pid).not.toBe(two.status.pid); // its part was running
    const parts = [];
    while (one.status.pid !== two.status.pid) {
      parts.push(one.infer(picture(70), ask));
      await sleep(5);
    }
    for (const { score } of await Promise.all(parts)) expect(score).toBeCloseTo(expectedScore(70), 5);
    expect(statesOf("cam2")).toEqual(["ready", "restarting", "ready"]);
  });

  it("or the death of an idle process: all bundles come back together", async () => {
    const one = await judging("cam1", "a");
    const two = await judging("cam2", "b");
    await one.prepare(await sampleBundle(folder, "kept"));
    await vi.waitUntil(() => pool.find("kept").process?.pid === one.status.pid, {
      timeout: 30_000,
      interval: 10,
    });
    await shareOneProcess(one, two);
    process.kill(one.status.pid ?? 0, "SIGKILL");
    await vi.waitUntil(() => !one.status.ready, { timeout: 2000, interval: 2 });
    await expect(one.infer(picture(50), ask)).rejects.toMatchObject({ code: "not-ready" });
    await Promise.all([becomesReady(one), becomesReady(two)]);
    expect(one.status.pid).toBe(two.status.pid);
    await vi.waitUntil(() => pool.find("kept").process !== null, { timeout: 5000, interval: 10 });
    one.activate("kept");
    expect((await one.infer(picture(50), ask)).bundleId).toBe("kept");
  });

  it("does not keep a person's load waiting: it is tried at once", async () => {
    const only = await judging("cam1", "bad-run");
    for (let death = 0; death < 3; death += 1) {
      await becomesReady(only);
      await expect(only.infer(picture(50), ask)).rejects.toMatchObject({ code: "process-died" });
    }
    await only.load(join(folder, "bad-run"));
    expect(only.status).toMatchObject({ ready: true, bundleId: "bad-run" });
  });
});
