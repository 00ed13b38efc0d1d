import { describe, expect, it } from "vitest";
import { createTestGate, type TestGateOptions } from "./gate-fixture.ts";

/** Past the time in which everything on the conveyor is unknown. */
const KNOWN = 200;

function startedGate(options: TestGateOptions = {}) {
  const test = createTestGate(options);
  test.clock.runTo(KNOWN);
  return test;
}

describe("a gate that rejects at rest", () => {
  it("opens for the window of a proven part only", () => {
    const { gate, clock, output, ejected } = startedGate();
    gate.part({ id: "a", at: 200 });
    clock.runTo(250);
    gate.verdict("a", "pass");
    clock.runTo(400);
    expect(output.edges.map(({ energised }) => energised)).toEqual([false, true, false]);
    expect(output.edges[1]?.at).toBeCloseTo(295, 1);
    expect(output.edges[2]?.at).toBeCloseTo(315, 1);
    expect(ejected).toMatchObject([{ id: "a", ejected: "pass", proven: true }]);
    expect(gate.status).toMatchObject({ passed: 1, rejected: 0, inFlight: 0, faults: [] });
  });

  it.each(["reject", "hold"] as const)("stays shut for a part whose verdict is %s", (action) => {
    const { gate, clock, output, ejected } = startedGate();
    gate.part({ id: "a", at: 200 });
    gate.verdict("a", action);
    clock.runTo(400);
    expect(output.edges).toHaveLength(1);
    expect(ejected).toMatchObject([{ id: "a", ejected: "reject", proven: false }]);
  });

  it("never applies a verdict that comes after the part, and counts it", () => {
    const { gate, clock, state, ejected } = startedGate();
    gate.part({ id: "a", at: 200 });
    clock.runTo(296);
    gate.verdict("a", "pass");
    expect(state()).toBe("reject");
    clock.runTo(400);
    expect(ejected).toMatchObject([{ ejected: "reject" }]);
    expect(gate.status.lateVerdicts).toBe(1);
  });

  it("lets reject win where the windows of two parts overlap", () => {
    const { gate, clock, state, ejected } = startedGate();
    gate.part({ id: "good", at: 200 });
    gate.verdict("good", "pass");
    clock.runTo(210);
    gate.part({ id: "bad", at: 210 });
    clock.runTo(300);
    expect(state()).toBe("pass");
    clock.runTo(306);
    expect(state()).toBe("reject");
    clock.runTo(400);
    expect(ejected.map(({ id, ejected: fate }) => [id, fate])).toEqual([
      ["good", "reject"],
      ["bad", "reject"],
    ]);
  });

  it("rejects a part that got a pass and then a reject", () => {
    const { gate, clock, output } = startedGate();
    gate.part({ id: "a", at: 200 });
    gate.verdict("a", "pass");
    gate.verdict("a", "reject");
    gate.verdict("a", "pass");
    clock.runTo(400);
    expect(output.edges).toHaveLength(1);
  });

  it("acts earlier by the ejector's own delay", () => {
    const { gate, clock, output } = startedGate({ delayMs: 30 });
    gate.part({ id: "a", at: 200 });
    gate.verdict("a", "pass");
    clock.runTo(400);
    expect(output.edges[1]?.at).toBeCloseTo(265, 1);
    expect(output.edges[2]?.at).toBeCloseTo(285, 1);
  });
});

describe("a gate that passes at rest", () => {
  it("acts on parts without a proven pass, and holds through adjacent ones", () => {
    const { gate, clock, output } = startedGate({ resting: "pass", energise: "reject" });
    for (const [id, at] of [
      ["a", 200],
      ["b", 212],
      ["c", 240],
    ] as const) {
      clock.runTo(at);
      gate.part({ id, at });
    }
    gate.verdict("c", "pass");
    clock.runTo(500);
    const edges = output.edges.slice(1);
    expect(edges.map(({ energised }) => energised)).toEqual([false, true, false]);
    expect(edges[1]?.at).toBeCloseTo(295, 1);
    expect(edges[2]?.at).toBeCloseTo(327, 1);
  });

  it("does not cut a reject short for a proven part behind it", () => {
    const { gate, clock, output } = startedGate({ resting: "pass", energise: "reject" });
    gate.part({ id: "bad", at: 200 });
    clock.runTo(205);
    gate.part({ id: "good", at: 205 });
    gate.verdict("good", "pass");
    clock.runTo(400);
    expect(output.edges.at(-1)?.at).toBeCloseTo(315, 1);
  });
});

describe("what is unknown", () => {
  it.each(["reject", "pass"] as const)(
    "is rejected for one full distance after a start (resting %s)",
    (resting) => {
      const { gate, clock, state, ejected } = createTestGate({ resting });
      gate.part({ id: "early", at: 1 });
      gate.verdict("early", "pass");
      clock.runTo(50);
      expect(gate.status.unknown).toBe(true);
      expect(state()).toBe("reject");
      clock.runTo(114);
      expect(state()).toBe("reject");
      clock.runTo(117);
      expect(gate.status.unknown).toBe(false);
      expect(ejected).toMatchObject([{ id: "early", ejected: "reject", proven: true }]);
      expect(state()).toBe(resting);
    },
  );

  it("is what comes after the FIFO has overflowed, until that part has gone by", () => {
    const { gate, clock, state, ejected } = startedGate({ maxParts: 2 });
    for (const [id, at] of [
      ["a", 200],
      ["b", 230],
      ["c", 260],
    ] as const) {
      clock.runTo(at);
      gate.part({ id, at });
      gate.verdict(id, "pass");
    }
    expect(gate.status.faults).toMatchObject([{ code: "reject-full", gone: true }]);
    clock.runTo(300);
    expect(state()).toBe("reject");
    clock.runTo(376);
    expect(gate.status.unknown).toBe(false);
    expect(ejected.map(({ id, ejected: fate }) => [id, fate])).toEqual([
      ["c", "reject"],
      ["a", "reject"],
      ["b", "reject"],
    ]);
  });

  it("is what passed the camera while triggers could be missed", () => {
    const { gate, clock, state } = startedGate({ resting: "pass" });
    expect(state()).toBe("pass");
    gate.loseTrack();
    expect(state()).toBe("reject");
    clock.runTo(KNOWN + 116);
    expect(state()).toBe("pass");
  });
});

describe("a gate whose event loop slept", () => {
  it("rejects the good part that came meanwhile, and counts it", () => {
    const { gate, clock, state, ejected } = startedGate();
    gate.part({ id: "a", at: 200 });
    gate.verdict("a", "pass");
    clock.runTo(290);
    clock.sleepTo(316 - 0.5);
    expect(state()).toBe("reject");
    clock.runTo(400);
    expect(ejected).toMatchObject([{ ejected: "reject", proven: false }]);
    expect(gate.status).toMatchObject({ lateSwitchings: 1, faults: [] });
  });

  it("says so until it is reset where the ejector stood at pass when a bad part came", () => {
    const { gate, clock } = startedGate();
    gate.part({ id: "good", at: 200 });
    gate.part({ id: "bad", at: 230 });
    gate.verdict("good", "pass");
    gate.verdict("bad", "reject");
    clock.runTo(310); // the good part is in front
    clock.sleepTo(338); // over its end, and over the beginning of the bad one
    expect(gate.status).toMatchObject({ lateSwitchings: 1, faults: [{ code: "output-late" }] });
    gate.reset();
    expect(gate.status.faults).toEqual([]);
  });

  it("says that an unproven part went by unrejected", () => {
    const { gate, clock, ejected } = startedGate({ resting: "pass" });
    gate.part({ id: "a", at: 200 });
    clock.runTo(290);
    clock.sleepTo(350);
    expect(ejected).toMatchObject([{ ejected: "pass", proven: false }]);
    expect(gate.status.faults.map(({ code }) => code)).toEqual(["output-late", "reject-missed"]);
  });

  it("lets a part pass that is a little late, and measures it", () => {
    const { gate, clock, ejected } = startedGate();
    gate.part({ id: "a", at: 200 });
    gate.verdict("a", "pass");
    clock.runTo(290);
    clock.sleepTo(299);
    clock.runTo(400);
    expect(ejected).toMatchObject([{ ejected: "pass" }]);
    expect(ejected[0]?.errorMs).toBeCloseTo(4, 3);
    expect(gate.status.switching.maxMs).toBeCloseTo(4, 3);
    expect(gate.status.faults).toEqual([]);
  });
});

describe("an output that does not obey", () => {
  it("is a fault until it obeys and was reset; what became of parts meanwhile is unknown", () => {
    const { gate, clock, output, ejected } = startedGate();
    gate.part({ id: "a", at: 200 });
    clock.runTo(250);
    output.fault = { code: "output-hung", text: "no answer" };
    gate.outputChanged();
    gate.reset();
    expect(gate.status.faults).toMatchObject([{ code: "output-hung", gone: false }]);
    clock.runTo(330);
    expect(ejected).toMatchObject([{ id: "a", ejected: "unknown" }]);
    output.fault = null;
    gate.outputChanged();
    expect(gate.status.faults).toMatchObject([{ code: "output-hung", gone: true }]);
    gate.reset();
    expect(gate.status.faults).toEqual([]);
  });

  it("is no fault to reset if it only was not there yet at the start", () => {
    const { gate, output } = createTestGate({ fault: { code: "output-unreachable", text: "not yet" } });
    expect(gate.faults).toHaveLength(1);
    output.fault = null;
    gate.outputChanged();
    expect(gate.status.faults).toEqual([]);
  });

  it("is a fault if it left out a movement", () => {
    const { gate, output } = startedGate();
    output.overtaken = 1;
    gate.part({ id: "a", at: 200 });
    expect(gate.status.faults).toMatchObject([{ code: "output-late" }]);
  });
});

describe("a gate that stops", () => {
  it("rejects, lets the output go, and accounts for every part", async () => {
    const { gate, clock, output, ejected, state } = startedGate();
    gate.part({ id: "a", at: 200 });
    gate.verdict("a", "pass");
    clock.runTo(300);
    expect(state()).toBe("pass");
    await gate.stop();
    expect(state()).toBe("reject");
    expect(output.stopped).toBe(true);
    expect(ejected).toMatchObject([{ id: "a", ejected: "unknown" }]);
    expect(clock.waiting).toBe(0);
    gate.part({ id: "b", at: 300 });
    gate.verdict("b", "pass");
    expect(gate.status.inFlight).toBe(0);
  });
});

describe("a gate behind an encoder", () => {
  const encoder = {};

  /** Reports every 10 ms a conveyor that moves `speed` counts a ms, up to `until`. @returns its counts then */
  function move(test: ReturnType<typeof createTestGate>, from: number, speed: number, until: number): number {
    let counts = from;
    for (let time = test.clock.now() + 10; time <= until; time += 10) {
      test.clock.runTo(time);
      counts += speed * 10;
      test.gate.encoder(counts, time);
    }
    return counts;
  }

  it("follows a conveyor that stops with a part in front of the ejector", () => {
    const test = createTestGate({ encoder });
    const start = move(test, 0, 1, 200);
    test.gate.part({ id: "a", at: test.clock.now() });
    test.gate.verdict("a", "pass");
    const atEjector = move(test, start, 1, 300);
    expect(test.state()).toBe("pass");
    move(test, atEjector, 0, 900);
    expect(test.state()).toBe("pass");
    move(test, atEjector, 2, 930);
    expect(test.state()).toBe("reject");
    expect(test.ejected).toMatchObject([{ id: "a", ejected: "pass" }]);
    expect(test.gate.status.faults).toEqual([]);
  });

  it("switches between two reports by the speed", () => {
    const test = createTestGate({ encoder });
    const start = move(test, 0, 1, 200);
    test.gate.part({ id: "a", at: test.clock.now() });
    test.gate.verdict("a", "pass");
    move(test, start, 1, 400);
    expect(test.output.edges[1]?.at).toBeCloseTo(295, 1);
    expect(test.output.edges[2]?.at).toBeCloseTo(315, 1);
  });

  it("rejects while no counts come, and still knows its parts after that", () => {
    const test = createTestGate({ encoder });
    const start = move(test, 0, 1, 200);
    test.gate.part({ id: "a", at: test.clock.now() });
    test.gate.verdict("a", "pass");
    const stopped = move(test, start, 1, 290);
    move(test, stopped, 0, 300);
    test.clock.runTo(2000);
    expect(test.state()).toBe("reject");
    expect(test.gate.status.faults).toMatchObject([{ code: "encoder-stale", gone: false }]);
    move(test, stopped, 0, 2010);
    expect(test.gate.status.faults).toMatchObject([{ code: "encoder-stale", gone: true }]);
    move(test, stopped, 1, 2100);
    expect(test.ejected).toMatchObject([{ id: "a", ejected: "pass" }]);
  });

  it("cannot place a part that came while no counts did: what comes is unknown for one distance", () => {
    const test = createTestGate({ encoder });
    const start = move(test, 0, 1, 200);
    test.clock.runTo(1000);
    test.gate.part({ id: "a", at: 1000 });
    expect(test.ejected).toMatchObject([{ id: "a", ejected: "reject" }]);
    move(test, start, 1, 1020);
    expect(test.gate.status.unknown).toBe(true);
    move(test, start + 20, 1, 1160);
    expect(test.gate.status.unknown).toBe(false);
  });

  it("takes a leap of the counter for a reset: all parts on the way are unknown", () => {
    const test = createTestGate({ encoder: { jumpCounts: 100 } });
    const start = move(test, 5000, 1, 200);
    test.gate.part({ id: "a", at: test.clock.now() });
    test.gate.verdict("a", "pass");
    move(test, start, 1, 250);
    test.gate.encoder(0, test.clock.now());
    expect(test.ejected).toMatchObject([{ id: "a", ejected: "unknown" }]);
    expect(test.gate.status).toMatchObject({
      unknown: true,
      inFlight: 0,
      faults: [{ code: "encoder-jump" }],
    });
  });

  it("rejects a part again that comes back before it has gone", () => {
    const test = createTestGate({ encoder, resting: "pass" });
    const start = move(test, 0, 1, 200);
    test.gate.part({ id: "a", at: test.clock.now() });
    const atEjector = move(test, start, 1, 300);
    expect(test.state()).toBe("reject");
    const back = move(test, atEjector, -1, 330);
    expect(test.state()).toBe("pass");
    move(test, back, 1, 360);
    expect(test.state()).toBe("reject");
  });
});
