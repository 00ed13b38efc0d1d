import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { GaugeFile } from "../../../src/station/studies/gauge-file.ts";

const file = (): string => join(mkdtempSync(join(tmpdir(), "assayd-gauge-")), "gauges.json");
const STUDY = { bundleId: "b1", sigma: 0.02, at: "2026-01-01T00:00:00.000Z" };

describe("GaugeFile", () => {
  it("gives the margin in sigmas of the model that was studied, also after a restart", async () => {
    const path = file();
    const first = GaugeFile.read(path);
    expect(first.marginOf("bottle", "b1", 0.5, 0.4)).toBeNull();
    await first.keep("bottle", STUDY);
    for (const gauges of [first, GaugeFile.read(path)]) {
      expect(gauges.problem).toBeNull();
      expect(gauges.marginOf("bottle", "b1", 0.5, 0.4)).toBe(5);
      expect(gauges.marginOf("bottle", "b1", 0.36, 0.4)).toBe(-2);
      expect(gauges.marginOf("bottle", "b2", 0.5, 0.4)).toBeNull();
      expect(gauges.marginOf("can", "b1", 0.5, 0.4)).toBeNull();
      expect(gauges.marginOf("bottle", "b1", null, 0.4)).toBeNull();
      expect(gauges.marginOf("constructor", "b1", 0.5, 0.4)).toBeNull();
    }
  });

  it("gives none where the score never strayed, and says that a file is damaged", async () => {
    const path = file();
    const gauges = GaugeFile.read(path);
    await gauges.keep("bottle", { ...STUDY, sigma: 0 });
    expect(gauges.marginOf("bottle", "b1", 0.5, 0.4)).toBeNull();
    writeFileSync(path, "{");
    expect(GaugeFile.read(path).problem).toMatch(/is damaged/);
  });
});
