import { describe, expect, it } from "vitest";
import { StationFaults, type StationFault } from "../../src/station/faults.ts";

function faultsWithClock() {
  const changes: { ended: StationFault | null; begun: StationFault | null }[] = [];
  let seconds = 0;
  const faults = new StationFaults(
    () => new Date(1000 * seconds++).toISOString(),
    (ended, begun) => changes.push({ ended, begun }),
  );
  return { faults, changes };
}

describe("StationFaults", () => {
  it("keeps since when a fault is there, however often it is noted", () => {
    const { faults, changes } = faultsWithClock();
    faults.note("cam1", { code: "camera-stalled", text: "no frame for 2 s" });
    faults.note("cam1", { code: "camera-stalled", text: "no frame for 9 s" });
    expect(changes).toHaveLength(1);
    expect(faults.of("cam1")?.since).toBe("1970-01-01T00:00:00.000Z");
  });

  it("tells the end of one fault and the begin of the next together", () => {
    const { faults, changes } = faultsWithClock();
    faults.note("cam1", { code: "camera-opening", text: "opening" });
    faults.note("cam1", { code: "no-model", text: "not taught" });
    expect(changes.at(-1)).toMatchObject({ ended: { code: "camera-opening" }, begun: { code: "no-model" } });
    faults.note("cam1", null);
    expect(changes.at(-1)).toMatchObject({ ended: { code: "no-model" }, begun: null });
    expect(faults.all).toEqual([]);
  });

  it("says nothing of a source that works and worked", () => {
    const { faults, changes } = faultsWithClock();
    faults.note("mqtt", null);
    expect(changes).toEqual([]);
  });

  it("keeps the faults of several sources apart", () => {
    const { faults } = faultsWithClock();
    faults.note("cam1", { code: "a", text: "" });
    faults.note("store", { code: "disk-full", text: "" });
    expect(faults.all.map(({ source }) => source)).toEqual(["cam1", "store"]);
  });
});
