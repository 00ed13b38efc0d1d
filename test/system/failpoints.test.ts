import { afterEach, describe, expect, it } from "vitest";
import { armFailpoints, failpoint, FAILPOINTS } from "../../src/system/failpoints.ts";

afterEach(() => {
  armFailpoints(undefined);
});

describe("failpoint", () => {
  it("does nothing unless armed", () => {
    expect(() => {
      for (const name of FAILPOINTS) failpoint(name);
    }).not.toThrow();
  });

  it("throws the named errno, and waits the named time", () => {
    armFailpoints("promote.renamed=throw:EIO,add.renamed=sleep:50");
    expect(() => {
      failpoint("promote.renamed");
    }).toThrow(expect.objectContaining({ code: "EIO" }));
    const begun = performance.now();
    failpoint("add.renamed");
    expect(performance.now() - begun).toBeGreaterThanOrEqual(49);
  });

  it("refuses an unknown name or action", () => {
    expect(() => {
      armFailpoints("promote.nowhere=kill");
    }).toThrow(/no failpoint/);
    expect(() => {
      armFailpoints("promote.renamed=explode");
    }).toThrow(/explode/);
  });
});
