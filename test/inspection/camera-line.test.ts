import { describe, expect, it, onTestFinished, vi } from "vitest";
import { qualitySchema } from "../../src/config/quality-schema.ts";
import { readReference } from "../../src/imaging/quality/quality-reference.ts";
import { chooseLine } from "../../src/station/choose-line.ts";
import { frameOf } from "./lane-fixture.ts";
import { testLine } from "./line-fixture.ts";

const LIMITS = { reject: 1, warn: null };
const BLACK = new Uint8Array(300);
const settled = () => new Promise((resolve) => setTimeout(resolve, 0));

describe("CameraLine", () => {
  it("numbers parts on from where the store was, and gives triggers names of their own", async () => {
    const { line, records } = testLine();
    await line.trigger({});
    await line.trigger({ triggerId: "mine", partId: "p1" });
    expect(records.map(({ seq, triggerId, partId }) => [seq, triggerId, partId])).toEqual([
      [41, "cam1-1", null],
      [42, "mine", "p1"],
    ]);
    expect(line.lastSeq).toBe(42);
  });

  it("cleans triggers that somebody asked for as any other: too close is overrun, and each waits for its delay", async () => {
    const { line } = testLine({ triggerFilter: { debounceMs: 5000, minSpacingMs: 5000, delayMs: 5000 } });
    await line.load("/bundles/a", "a", LIMITS);
    const answers = Promise.all([line.trigger({ tag: 7 }), line.trigger({}), line.trigger({ missed: true })]);
    await settled();
    expect(line.lastSeq).toBe(41); // the one that was missed; the others wait
    await line.stop();
    expect((await answers).map(({ tag, reason }) => [tag, reason])).toEqual([
      [7, "not_ready"],
      [null, "overrun"],
      [null, "not_ready"],
    ]);
  });

  it("says why there is no model: none yet, damaged, or still starting", async () => {
    const { line, inspector } = testLine();
    expect(line.model).toMatch(/no trained model yet/);
    line.modelProblem = "the active model cannot be used: it is damaged";
    expect(line.model).toMatch(/damaged/);
    await line.load("/bundles/a", "a", LIMITS);
    expect(line.model).toMatchObject({ bundleId: "a", thresholds: LIMITS });
    inspector.status = { ...inspector.status, ready: false };
    expect(line.model).toMatch(/inference process of a is starting/);
  });

  it("judges by the limits of the bundle that is active, and forgets those of the one before", async () => {
    const { line, inspector } = testLine();
    await line.load("/bundles/a", "a", { reject: 0.1, warn: null });
    expect(await line.trigger({})).toMatchObject({ verdict: "NG", bundleId: "a", threshold: 0.1 });
    await line.load("/bundles/b", "b", LIMITS);
    expect(await line.trigger({})).toMatchObject({ verdict: "OK", bundleId: "b", threshold: 1 });
    expect(line.thresholdsOf("a")).toBeNull();
    line.setThresholds("b", { reject: 1, warn: 0.2 });
    expect(await line.trigger({})).toMatchObject({ verdict: "WARN", warnThreshold: 0.2 });
    inspector.score = 2;
    expect((await line.trigger({})).verdict).toBe("NG");
  });

  it("counts each lost frame of a streaming camera as a part that is rejected", async () => {
    const { line, records } = testLine();
    await line.load("/bundles/a", "a", LIMITS);
    line.takeFrame(frameOf(8), 3);
    await settled();
    expect(records.map(({ seq, verdict, reason }) => [seq, verdict, reason])).toEqual([
      [41, "ERR", "overrun"],
      [42, "ERR", "overrun"],
      [43, "ERR", "overrun"],
      [44, "OK", "score"],
    ]);
  });

  it("judges no picture that comes later than its part's deadline", async () => {
    const { line, records } = testLine();
    await line.load("/bundles/a", "a", LIMITS);
    line.takeFrame(frameOf(1, { capturedAt: Date.now() - 100 }), 0);
    line.takeFrame(frameOf(2, { capturedAt: Date.now() - 500 }), 0);
    await settled();
    expect(records.map(({ verdict, reason }) => [verdict, reason])).toEqual([
      ["OK", "score"],
      ["ERR", "late"],
    ]);
  });

  it("collects what may be learnt from: also without a model, but never black, flat or frozen pictures", async () => {
    const { line, camera, collector } = testLine();
    line.takeFrame(frameOf(1), 0);
    line.takeFrame(frameOf(2, { data: BLACK }), 0);
    await settled();
    await line.load("/bundles/a", "a", LIMITS);
    line.takeFrame(frameOf(3), 0);
    line.takeFrame(frameOf(4, { data: BLACK }), 0);
    await settled();
    camera.status = { ...camera.status, frozen: true };
    line.takeFrame(frameOf(5), 0);
    await settled();
    camera.status = { ...camera.status, frozen: false };
    collector.status = { active: false };
    line.takeFrame(frameOf(6), 0);
    await settled();
    expect(collector.offered).toEqual(["cam1-1", "cam1-3"]);
  });

  it("streams, fires at its rate, or waits for commands, as configured; nothing comes once it is halted", async () => {
    const streaming = testLine();
    streaming.line.beginTriggering();
    streaming.line.beginTriggering();
    expect([streaming.camera.streaming, streaming.line.freeRunning]).toEqual([true, true]);
    streaming.line.endTriggering();
    expect([streaming.camera.streaming, streaming.line.freeRunning]).toEqual([false, false]);

    const timed = testLine({ trigger: { kind: "rate", partsPerSecond: 100 } });
    timed.line.beginTriggering();
    await vi.waitUntil(() => timed.records.length >= 3, { timeout: 5000 });
    timed.line.endTriggering();
    await settled();
    const { length } = timed.records;
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(timed.records).toHaveLength(length);

    const commanded = testLine({ trigger: { kind: "command" } });
    commanded.line.beginTriggering();
    expect([commanded.line.freeRunning, commanded.camera.streaming]).toEqual([false, false]);
    expect(commanded.line.progressing).toBe(true);
  });
});

describe("a change-over", () => {
  it("ends with nothing judged that was seen before its end, though its picture is due later", async () => {
    const { line, records } = testLine({
      trigger: { kind: "encoder", everyCounts: 10, modulus: 65_536 },
      triggerFilter: { debounceMs: 0, minSpacingMs: 0, delayMs: 40 },
    });
    await line.load("/bundles/a", "a", LIMITS);
    line.beginTriggering();
    line.encoder(0, performance.now() - 1);
    line.encoder(10, performance.now());
    line.hold("the recipe is being changed")();
    await new Promise((resolve) => setTimeout(resolve, 1));
    line.encoder(20, performance.now());
    line.encoder(30, performance.now());
    await vi.waitUntil(() => records.length === 3, { timeout: 5000 });
    expect(records.map(({ reason }) => reason)).toEqual(["not_ready", "score", "score"]);
  });

  it("ends with the last one that was asked for", () => {
    const { line } = testLine();
    const [first, second] = [line.hold("to a"), line.hold("to b")];
    first();
    expect(line.stops.held).toBe("to b");
    second();
    expect(line.stops.held).toBeNull();
  });
});

describe("CameraLine.progressing, which feeds the watchdog", () => {
  it("is lost when a playing camera gives no verdicts, and comes back with one", async () => {
    vi.useFakeTimers();
    onTestFinished(() => {
      vi.useRealTimers();
    });
    const { line, camera } = testLine({ stallTimeoutMs: 2000 });
    line.beginTriggering();
    await vi.advanceTimersByTimeAsync(4000);
    expect(line.progressing).toBe(true);
    await vi.advanceTimersByTimeAsync(1000);
    expect(line.progressing).toBe(false);
    camera.status = { ...camera.status, connected: false, state: "stalled" };
    expect(line.progressing).toBe(true); // the camera is the fault, and is being reopened: killing the daemon mends nothing
    camera.status = { ...camera.status, connected: true, state: "playing" };
    line.takeFrame(frameOf(1), 0);
    await vi.advanceTimersByTimeAsync(1);
    expect(line.progressing).toBe(true);
    line.endTriggering();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(line.progressing).toBe(true);
  });
});

describe("chooseLine", () => {
  const { line: first } = testLine({ name: "left" });
  const { line: second } = testLine({ name: "right" });
  const both = new Map([first, second].map((line) => [line.name, line]));

  it("takes the one named, or the only one", () => {
    expect(chooseLine(both, "right")).toBe(second);
    expect(chooseLine(new Map([["left", first]]), undefined)).toBe(first);
  });

  it("names the cameras that are known otherwise", () => {
    expect(() => chooseLine(both, undefined)).toThrow(/several cameras.*left, right/);
    expect(() => chooseLine(both, "top")).toThrow(/"top" is not known.*left, right/);
  });
});

describe("pictures unlike the good parts", () => {
  it("are not judged where the recipe limits it, and never where the model knows no reference", async () => {
    const { line, records } = testLine({ trigger: { kind: "command" } });
    line.useRecipe({ ...line.lineRecipe, quality: qualitySchema.parse({ maxBrightnessChange: 20 }) });
    const reference = readReference({ brightness: 240, sharpness: 1, grey: null });
    await line.load("/bundles/a", "a", LIMITS, reference);
    await line.trigger({});
    await line.load("/bundles/b", "b", LIMITS);
    await line.trigger({});
    expect(records.map(({ verdict, reason }) => [verdict, reason])).toEqual([
      ["ERR", "image_quality"],
      ["OK", "score"],
    ]);
  });
});
