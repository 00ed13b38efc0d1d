import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { cameraSourceSchema } from "../../../src/config/schema.ts";
import type { CaptureReport } from "../../../src/inspection/capture/protocol.ts";
import type { Picture, PictureSource } from "../../../src/inspection/capture/picture-player.ts";
import { CaptureSession } from "../../../src/inspection/capture/session.ts";
import { gdpBuffer, gdpPacket } from "./gdp-bytes.ts";

const SIZE = { width: 32, height: 32 };
const FRAME_BYTES = 32 * 32 * 3;

type Pull = (bytes: Buffer | null, caps: Record<string, unknown>) => void;

/** A pipeline that gives what the test hands it. */
class FakePipeline {
  "auto-flush-bus" = true;
  plays = 0;
  stops = 0;
  /** Time stamps of the pictures pushed in, ns. */
  readonly pushed: bigint[] = [];
  readonly #pulls = new Map<string, Pull>();

  play(): void {
    this.plays++;
  }

  stop(): void {
    this.stops++;
  }

  pollBus(): void {
    // nothing on the bus
  }

  findChild(name: string) {
    return {
      eos: false,
      pull: (onSample: Pull) => this.#pulls.set(name, onSample),
      push: (_: Buffer, pts: Buffer) => this.pushed.push(pts.readBigUInt64BE()),
    };
  }

  give(bytes: Buffer | null): void {
    const pull = this.#pulls.get("sink");
    this.#pulls.delete("sink");
    pull?.(bytes, {});
  }
}

function frame(payload: Uint8Array, offset = 0n): Buffer {
  return gdpBuffer({ ptsNs: offset * 33_000_000n, durationNs: 33_000_000n, offset, payload });
}

function openSession(
  source: Record<string, unknown> = { kind: "v4l2" },
  pictures: PictureSource | null = null,
) {
  const pipeline = new FakePipeline();
  const reports: CaptureReport[] = [];
  let gaveUp = 0;
  const session = new CaptureSession({
    open: {
      type: "open",
      camera: "cam1",
      source: cameraSourceSchema.parse(source),
      crop: { top: 0, bottom: 0, left: 0, right: 0 },
      stallTimeoutMs: 2000,
      frozenAfterFrames: 0,
      checkImage: false,
      firstCounter: 0,
      size: SIZE,
    },
    gstreamer: { parseLaunch: () => pipeline },
    pictures,
    now: () => performance.now(),
    wallClock: () => Date.now(),
    random: () => 0.5,
    report: (report) => reports.push(report),
    sendFrame: (report) => {
      reports.push(report);
      return true;
    },
    giveUp: () => gaveUp++,
  });
  session.start();
  const states = () =>
    reports.flatMap((report) => (report.type === "state" ? [`${report.state}:${report.code}`] : []));
  return { session, pipeline, reports, states, gaveUp: () => gaveUp };
}

describe("a capture session", () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance", "Date"] });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  test("takes a frame of exactly width * height * 3 bytes", () => {
    const { session, pipeline, reports } = openSession();
    session.stream(true);
    pipeline.give(frame(new Uint8Array(FRAME_BYTES)));
    expect(reports.at(-1)).toMatchObject({ type: "frame", frame: { id: "cam1-0", width: 32, height: 32 } });
  });

  test("refuses every other length, and never hands such a frame on", () => {
    const otherLength = fc
      .integer({ min: 0, max: FRAME_BYTES * 2 })
      .filter((length) => length !== FRAME_BYTES);
    fc.assert(
      fc.property(otherLength, (length) => {
        const { session, pipeline, reports, states } = openSession();
        session.stream(true);
        pipeline.give(frame(new Uint8Array(length)));
        vi.advanceTimersByTime(10);
        expect(states()).toEqual(["opening:opening", "failed:wrong-caps"]);
        expect(reports.some(({ type }) => type === "frame")).toBe(false);
        session.stop();
      }),
      { seed: 1, numRuns: 2000 },
    );
  });

  test.each(["format=(string)BGR", "format=(string)RGBx", "width=(int)33", "height=(int)320"])(
    "refuses caps with %s",
    (wrong) => {
      const { pipeline, states } = openSession();
      const right = ["format=(string)RGB", "width=(int)32", "height=(int)32"];
      const fields = right.map((field) => (field.split("=")[0] === wrong.split("=")[0] ? wrong : field));
      pipeline.give(gdpPacket(2, Buffer.from(`video/x-raw, ${fields.join(", ")}\0`)));
      vi.advanceTimersByTime(10);
      expect(states()).toContain("failed:wrong-caps");
    },
  );

  test("calls a camera stalled that gave no first frame for 10 s, later after the time-out", () => {
    const { session, pipeline, states } = openSession();
    vi.advanceTimersByTime(9900);
    session.tick();
    expect(states()).toEqual(["opening:opening"]);
    pipeline.give(frame(new Uint8Array(FRAME_BYTES)));
    vi.advanceTimersByTime(33);
    pipeline.give(frame(new Uint8Array(FRAME_BYTES), 1n));
    vi.advanceTimersByTime(2000);
    session.tick();
    expect(states().at(-1)).toBe("playing:playing");
    vi.advanceTimersByTime(100);
    session.tick();
    vi.advanceTimersByTime(1);
    expect(states().at(-1)).toBe("stalled:stalled");
    expect(pipeline.stops).toBe(1);
  });

  test("gives a slow camera three of its frame times, and 10 s before its rate is known", () => {
    const { session, pipeline, states } = openSession();
    pipeline.give(frame(new Uint8Array(FRAME_BYTES)));
    for (let i = 1n; i <= 5n; i++) {
      vi.advanceTimersByTime(4000);
      session.tick();
      pipeline.give(frame(new Uint8Array(FRAME_BYTES), i));
    }
    expect(states()).toEqual(["opening:opening", "playing:playing"]);
    vi.advanceTimersByTime(11_900);
    session.tick();
    vi.advanceTimersByTime(1);
    expect(states().at(-1)).toBe("playing:playing");
    vi.advanceTimersByTime(200);
    session.tick();
    vi.advanceTimersByTime(1);
    expect(states().at(-1)).toBe("stalled:stalled");
  });

  test("waits for a picture asked for after a long pause as long as for any other", async () => {
    const picture: Picture = { data: new Uint8Array(FRAME_BYTES), truth: { label: "good", source: "good" } };
    const demand = { kind: "simulated", pace: "demand" };
    const { session, pipeline, states } = openSession(demand, { at: () => Promise.resolve(picture) });
    const grab = { type: "grab", mode: "next", maxAgeMs: 100, timeoutMs: 5000 } as const;
    await vi.advanceTimersByTimeAsync(10);
    session.grab({ ...grab, grabId: 1 });
    await vi.advanceTimersByTimeAsync(10);
    const ptsNs = pipeline.pushed.at(-1) ?? 0n;
    pipeline.give(gdpBuffer({ ptsNs, durationNs: 1n, offset: 0n, payload: picture.data }));
    await vi.advanceTimersByTimeAsync(60_000);
    session.grab({ ...grab, grabId: 2 });
    await vi.advanceTimersByTimeAsync(1900);
    session.tick();
    expect(states().at(-1)).toBe("playing:playing");
    await vi.advanceTimersByTimeAsync(10_000);
    session.tick();
    await vi.advanceTimersByTimeAsync(10);
    expect(states().at(-1)).toBe("stalled:stalled");
  });

  test("lets a camera with a hardware trigger be silent", () => {
    const { session, states } = openSession({ kind: "genicam", cameraName: "x", features: "TriggerMode=On" });
    vi.advanceTimersByTime(60_000);
    session.tick();
    expect(states()).toEqual(["opening:opening"]);
  });

  test("reopens with growing delays, gives up after five failures in a row", () => {
    const { pipeline, gaveUp } = openSession();
    const opened: number[] = [];
    for (let failure = 0; failure < 5; failure++) {
      pipeline.give(null);
      const begin = performance.now();
      const plays = pipeline.plays;
      while (pipeline.plays === plays && gaveUp() === 0) vi.advanceTimersByTime(10);
      opened.push(performance.now() - begin);
    }
    expect(gaveUp()).toBe(1);
    expect(opened.slice(0, 4)).toEqual([1100, 1200, 1400, 1800]); // 1 s for the bus to tell why, then 0.1, 0.2, 0.4, 0.8 s
  });

  test("forgets earlier failures after two seconds of frames", () => {
    const { pipeline, gaveUp } = openSession();
    for (let failure = 0; failure < 12; failure++) {
      for (let i = 0n; i < 25n; i++) {
        pipeline.give(frame(new Uint8Array(FRAME_BYTES), i));
        vi.advanceTimersByTime(100);
      }
      pipeline.give(null);
      vi.advanceTimersByTime(2000);
    }
    expect(gaveUp()).toBe(0);
    expect(pipeline.plays).toBe(13);
  });
});
