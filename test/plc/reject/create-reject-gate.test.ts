import { afterEach, describe, expect, it, vi } from "vitest";
import { rejectSchema } from "../../../src/config/reject-schema.ts";
import { createRejectGate } from "../../../src/plc/reject/create-reject-gate.ts";
import { realClock } from "../../../src/plc/reject/precise-timer.ts";
import type { EjectedPart } from "../../../src/plc/reject/tracker.ts";
import { PlcCoils } from "../outputs/plc-coils.ts";
import { FakeClock } from "./fake-clock.ts";

const stops: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).toReversed()) await stop();
});

const events = { onEjected: () => undefined, onFault: () => undefined };

describe("the ejector of a camera", () => {
  it("is none by default", () => {
    expect(createRejectGate(rejectSchema.parse({ kind: "none" }), events)).toBeNull();
  });

  it("is fail-safe by default: it rests at reject, and only energised it passes", () => {
    expect(rejectSchema.parse({ kind: "gpio", line: 17 })).toMatchObject({
      restingState: "reject",
      energise: "pass",
      track: { kind: "time", distanceMs: 1000, leadMs: 10, pulseMs: 60 },
    });
  });

  it("tracks by time or by an encoder", () => {
    const clock = new FakeClock();
    const ejected: EjectedPart[] = [];
    const config = rejectSchema.parse({
      kind: "display",
      track: { kind: "encoder", distanceCounts: 100, pulseCounts: 20 },
    });
    const gate = createRejectGate(config, { ...events, onEjected: (part) => ejected.push(part) }, clock);
    gate?.start();
    for (let ms = 0; ms <= 600; ms += 20) {
      clock.runTo(ms);
      gate?.encoder(ms, ms);
      if (ms === 200) gate?.part({ id: "a", at: ms });
      if (ms === 220) gate?.verdict("a", "pass");
    }
    expect(ejected).toMatchObject([{ id: "a", ejected: "pass" }]);
  });

  it("switches a coil of a PLC for a proven part, and leaves it at reject", async () => {
    const plc = await PlcCoils.start();
    stops.push(() => plc.stop());
    const ejected: EjectedPart[] = [];
    const config = rejectSchema.parse({
      kind: "modbus",
      host: "127.0.0.1",
      port: plc.port,
      lateMs: 1000, // whatever the machine does
      track: { kind: "time", distanceMs: 300, leadMs: 10, pulseMs: 200 },
    });
    const gate = createRejectGate(config, { ...events, onEjected: (part) => ejected.push(part) })!;
    gate.start();
    stops.push(() => gate.stop());
    expect(gate.status.faults).toMatchObject([{ code: "output-unreachable" }]);
    await vi.waitFor(
      () => {
        expect(gate.status).toMatchObject({ faults: [], unknown: false });
      },
      { timeout: 8000 },
    );
    gate.part({ id: "a", at: realClock.now() });
    gate.verdict("a", "pass");
    await vi.waitFor(
      () => {
        expect(ejected).toMatchObject([{ id: "a", ejected: "pass" }]);
      },
      { timeout: 8000 },
    );
    await gate.stop();
    const states = plc.coils(0);
    expect(states.filter((state, index) => state !== states[index - 1])).toEqual([false, true, false]);
  });

  it.each([
    [{ kind: "gpio" }, "line"],
    [{ kind: "gpio", line: 1, chip: "a; rm" }, "chip"],
    [{ kind: "modbus" }, "host"],
    [{ kind: "display", restingState: "open" }, "restingState"],
    [{ kind: "display", track: { kind: "encoder" } }, "track"],
    [{ kind: "display", pulseMs: 3 }, "pulseMs"],
    [{ kind: "pneumatic" }, "kind"],
  ])("refuses %j", (config, key) => {
    const { error } = rejectSchema.safeParse(config);
    expect(JSON.stringify(error?.issues)).toContain(key);
  });
});
