import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { CaptureError, InferenceError } from "../../src/domain/errors.ts";
import type { Frame } from "../../src/domain/inspection.ts";
import type { ActiveModel, Judgement } from "../../src/inspection/lane.ts";
import { after, frameOf, judgementOf, modelOf, never, testLane } from "./lane-fixture.ts";

const part = (triggerId = "t1") => ({ triggerId, partId: "p1" });

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

describe("Lane", () => {
  it("gives OK up to the threshold and NG above it, with everything that was measured", async () => {
    for (const [score, verdict, action] of [
      [1, "OK", "pass"],
      [1.001, "NG", "reject"],
    ] as const) {
      const { lane, verdicts } = testLane({ model: () => modelOf("a", score) });
      await lane.trigger(part());
      expect(verdicts).toEqual([
        expect.objectContaining({
          verdict,
          action,
          score,
          reason: "score",
          seq: 1,
          triggerId: "t1",
          partId: "p1",
          bundleId: "a",
          threshold: 1,
          frameId: "cam1-1",
        }),
      ]);
      expect(verdicts[0]?.times).toMatchObject({ queueMs: 1, inferMs: 2, capturedAt: 1001, deadlineMs: 100 });
    }
  });

  it.each([
    ["no_frame", new CaptureError("no_frame", "the camera is stalled")],
    ["stale_frame", new CaptureError("stale_frame", "too old")],
    ["image_quality", new CaptureError("image_quality", "black")],
    ["model_error", new Error("what is this")],
  ])("answers a grab that fails with ERR %s and its words", async (reason, error) => {
    const { lane, verdicts } = testLane({ grab: () => Promise.reject(error) });
    await lane.trigger(part());
    expect(verdicts).toEqual([
      expect.objectContaining({
        verdict: "ERR",
        action: "reject",
        reason,
        detail: error.message,
        score: null,
      }),
    ]);
  });

  it.each([
    ["late", new InferenceError("late", "no score within 20 ms")],
    ["model_error", new InferenceError("process-died", "the inference process is gone")],
    ["model_error", new InferenceError("queue-full", "64 parts wait")],
  ])("answers an inference that fails with ERR %s", async (reason, error) => {
    const model: ActiveModel = { ...modelOf("a", 0), infer: () => Promise.reject(error) };
    const { lane, verdicts } = testLane({ model: () => model });
    await lane.trigger(part());
    expect(verdicts).toEqual([
      expect.objectContaining({ verdict: "ERR", reason, frameId: "cam1-1", detail: error.message }),
    ]);
  });

  it("answers at the deadline when the model never does, and drops the answer that comes later", async () => {
    let answer: (judgement: Judgement) => void = () => undefined;
    const model: ActiveModel = {
      ...modelOf("a", 0),
      infer: () => new Promise((resolve) => (answer = resolve)),
    };
    const { lane, verdicts } = testLane({ model: () => model });
    const done = lane.trigger(part());
    await vi.advanceTimersByTimeAsync(99);
    expect(verdicts).toEqual([]);
    await vi.advanceTimersByTimeAsync(1);
    expect(verdicts).toEqual([expect.objectContaining({ verdict: "ERR", reason: "late", action: "reject" })]);
    answer(judgementOf(0));
    await vi.advanceTimersByTimeAsync(500);
    expect(verdicts).toHaveLength(1);
    expect((await done).reason).toBe("late");
    expect(lane.inFlight).toBe(0);
  });

  it("says no_frame at the deadline when the camera never answers", async () => {
    const { lane, verdicts } = testLane({ grab: () => never<Frame>() });
    void lane.trigger(part());
    await vi.advanceTimersByTimeAsync(100);
    expect(verdicts).toEqual([expect.objectContaining({ reason: "no_frame", frameId: null })]);
  });

  it("asks for no more pictures than parts may be under way, also while there is no model", async () => {
    let asked = 0;
    const grab = (): Promise<never> => {
      asked += 1;
      return never();
    };
    const { lane, verdicts } = testLane({ maxInFlight: 4, model: () => "there is no model", grab });
    const answers = Promise.all(
      Array.from({ length: 9 }, (_, at) => lane.trigger({ triggerId: `t${at}`, partId: null })),
    );
    await vi.advanceTimersByTimeAsync(1);
    expect([asked, verdicts.length]).toEqual([4, 5]);
    await vi.advanceTimersByTimeAsync(1000);
    await answers;
    expect(verdicts).toHaveLength(9);
  });

  it("judges no part by a score that came in after the deadline because our own loop was held up", async () => {
    let mono = 0;
    const model: ActiveModel = {
      ...modelOf("a", 0),
      infer: () => {
        mono = 150; // a native call of somebody blocked the loop for 150 ms; the answer is read before the timer
        return Promise.resolve(judgementOf(0));
      },
    };
    const { lane, verdicts } = testLane({
      model: () => model,
      clock: { wall: () => 0, mono: () => mono },
    });
    await lane.trigger(part());
    expect(verdicts).toEqual([expect.objectContaining({ verdict: "ERR", reason: "late", score: null })]);
  });

  it("gives camera and model only the time that is left", async () => {
    const asked: number[] = [];
    const model: ActiveModel = {
      ...modelOf("a", 0),
      infer: (_frame, timeoutMs) => {
        asked.push(timeoutMs);
        return Promise.resolve(judgementOf(0));
      },
    };
    const { lane, verdicts } = testLane({
      model: () => model,
      grab: (timeoutMs) => {
        asked.push(timeoutMs);
        return after(30, () => frameOf(1));
      },
    });
    void lane.trigger(part());
    await vi.advanceTimersByTimeAsync(100);
    expect(asked[0]).toBeCloseTo(100, 0);
    expect(asked[1]).toBeCloseTo(70, 0);
    expect(verdicts[0]?.times.captureMs).toBeCloseTo(30, 0);
  });

  it("never judges a picture that the check refuses", async () => {
    const { lane, verdicts } = testLane({
      checkImage: () => "the picture is black",
      model: () => ({ ...modelOf("a", 0), infer: () => Promise.reject(new Error("was asked")) }),
    });
    await lane.trigger({ ...part(), frame: frameOf(7) });
    expect(verdicts).toEqual([
      expect.objectContaining({ reason: "image_quality", detail: "the picture is black", frameId: "cam1-7" }),
    ]);
  });

  it("answers not_ready without a model, and still grabs the picture for the collection", async () => {
    const evidence: (Frame | null)[] = [];
    const { lane } = testLane({
      model: () => "teach it first",
      onVerdict: (_inspection, { frame }) => evidence.push(frame),
    });
    const inspection = await lane.trigger(part());
    expect(inspection).toMatchObject({ reason: "not_ready", detail: "teach it first", action: "reject" });
    expect(evidence).toEqual([frameOf(1)]);
  });

  it("answers not_ready at once while it is halted, without asking the camera", async () => {
    const grab = vi.fn(() => Promise.resolve(frameOf(1)));
    const { lane, verdicts } = testLane({ grab });
    lane.running = false;
    await lane.trigger(part());
    expect(verdicts).toEqual([expect.objectContaining({ verdict: "ERR", reason: "not_ready" })]);
    expect(grab).not.toHaveBeenCalled();
    lane.running = true;
    await lane.trigger(part());
    expect(verdicts[1]).toMatchObject({ verdict: "OK" });
  });

  it("answers overrun at once beyond its limit of parts under way, and a lost part as lost", async () => {
    const { lane, verdicts } = testLane({ grab: () => never<Frame>() });
    for (let i = 0; i < 6; i += 1) void lane.trigger(part(`t${i}`));
    void lane.trigger({ ...part("lost"), lost: "overrun" });
    await vi.advanceTimersByTimeAsync(0);
    expect(verdicts.map(({ triggerId, reason }) => [triggerId, reason])).toEqual([
      ["t4", "overrun"],
      ["t5", "overrun"],
      ["lost", "overrun"],
    ]);
    await vi.advanceTimersByTimeAsync(100);
    expect(verdicts).toHaveLength(7);
    expect(lane.inFlight).toBe(0);
  });

  it("judges by the thresholds of the model that scores, not of the one that was active at the trigger", async () => {
    let active = modelOf("old", 1.5, 1);
    const { lane, verdicts } = testLane({ model: () => active, grab: () => after(20, () => frameOf(1)) });
    void lane.trigger(part());
    await vi.advanceTimersByTimeAsync(10);
    active = modelOf("new", 1.5, 2);
    await vi.advanceTimersByTimeAsync(10);
    expect(verdicts).toEqual([
      expect.objectContaining({ bundleId: "new", threshold: 2, score: 1.5, verdict: "OK" }),
    ]);
  });

  it("keeps the thresholds it began to score with when they change meanwhile", async () => {
    let active: ActiveModel = { ...modelOf("a", 0, 1), infer: () => after(20, () => judgementOf(1.5)) };
    const { lane, verdicts } = testLane({ model: () => active });
    void lane.trigger(part());
    await vi.advanceTimersByTimeAsync(10);
    active = modelOf("b", 0, 2);
    await vi.advanceTimersByTimeAsync(10);
    expect(verdicts).toEqual([expect.objectContaining({ bundleId: "a", threshold: 1, verdict: "NG" })]);
  });

  it("gives exactly one verdict a trigger in any interleaving, with seq 1, 2, 3 …, none scored after the deadline", async () => {
    const delay = fc.integer({ min: 0, max: 160 });
    const step = fc.record({
      waitMs: fc.integer({ min: 0, max: 60 }),
      grab: fc.constantFrom("frame", "fails", "hangs", "given", "lost"),
      grabMs: delay,
      infer: fc.constantFrom("scores", "fails", "hangs"),
      inferMs: delay,
      model: fc.constantFrom("a", "b", null),
      running: fc.boolean(),
      black: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
        let now: (typeof steps)[number] | null = null;
        const { lane, verdicts } = testLane({
          model: () => (now?.model ? { ...modelOf(now.model, 0), infer: inferLike(now) } : "none"),
          grab: () => grabLike(now),
          checkImage: () => (now?.black ? "black" : null),
        });
        const answers: Promise<unknown>[] = [];
        for (const [index, one] of steps.entries()) {
          now = one;
          lane.running = one.running;
          const extra =
            one.grab === "given"
              ? { frame: frameOf(index) }
              : one.grab === "lost"
                ? { lost: "overrun" as const }
                : {};
          answers.push(lane.trigger({ triggerId: `t${index}`, partId: null, ...extra }));
          await vi.advanceTimersByTimeAsync(one.waitMs);
        }
        await vi.advanceTimersByTimeAsync(200);
        await Promise.all(answers);
        expect(verdicts.map(({ seq }) => seq).sort((a, b) => a - b)).toEqual(
          steps.map((_, index) => index + 1),
        );
        expect(new Set(verdicts.map(({ triggerId }) => triggerId)).size).toBe(steps.length);
        for (const { verdict, action, score, times } of verdicts) {
          expect(times.totalMs).toBeLessThanOrEqual(101);
          expect(score === null).toBe(verdict === "ERR");
          if (verdict === "ERR") expect(action).toBe("reject");
          if (score !== null) expect(times.totalMs).toBeLessThan(100);
        }
        expect(lane.inFlight).toBe(0);
      }),
      { seed: 20261122, numRuns: 150 },
    );
  });
});

interface Behaviour {
  readonly grab: string;
  readonly grabMs: number;
  readonly infer: string;
  readonly inferMs: number;
}

function grabLike(behaviour: Behaviour | null): Promise<Frame> {
  if (behaviour?.grab === "hangs") return never();
  return after(behaviour?.grabMs ?? 0, () => {
    if (behaviour?.grab === "fails") throw new CaptureError("no_frame", "gone");
    return frameOf(1);
  });
}

function inferLike(behaviour: Behaviour): () => Promise<Judgement> {
  if (behaviour.infer === "hangs") return () => never();
  return () =>
    after(behaviour.inferMs, () => {
      if (behaviour.infer === "fails") throw new InferenceError("process-died", "gone");
      return judgementOf(0.5);
    });
}

describe("the bypass", () => {
  it("passes every part unjudged, as WARN that says so, and nothing else does", async () => {
    let bypass = true;
    const { lane, verdicts } = testLane({ bypass: () => bypass, model: () => "no model yet" });
    await lane.trigger({ triggerId: "a", partId: null });
    bypass = false;
    await lane.trigger({ triggerId: "b", partId: null });
    expect(verdicts.map(({ verdict, action, reason }) => [verdict, action, reason])).toEqual([
      ["WARN", "pass", "manual"],
      ["ERR", "reject", "not_ready"],
    ]);
  });
});
