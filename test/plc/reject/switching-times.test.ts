import { describe, expect, it } from "vitest";
import { SwitchingTimes } from "../../../src/plc/reject/switching-times.ts";

describe("how late the switchings were", () => {
  it("is not known before the first", () => {
    expect(new SwitchingTimes().figures).toEqual({ count: 0, p50Ms: null, p99Ms: null, maxMs: null });
  });

  it("is told by quantiles of the newest 1,000 and the worst of all", () => {
    const times = new SwitchingTimes();
    times.add(500);
    for (let error = 1; error <= 1000; error += 1) times.add(error / 100);
    expect(times.figures).toEqual({ count: 1001, p50Ms: 5, p99Ms: 9.9, maxMs: 500 });
  });
});
