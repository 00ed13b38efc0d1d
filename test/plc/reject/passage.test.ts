import { describe, expect, it } from "vitest";
import { gateStateAt, nextEdge } from "../../../src/plc/reject/passage.ts";

const passages = [
  { start: 10, end: 30, proven: true },
  { start: 25, end: 40, proven: false },
  { start: -Infinity, end: 5, proven: false },
];

describe("what the ejector must do", () => {
  it.each([
    [4, "reject"],
    [5, "pass"],
    [10, "pass"],
    [24, "pass"],
    [25, "reject"],
    [39, "reject"],
    [40, "pass"],
  ] as const)("at %d is %s, resting at pass", (position, state) => {
    expect(gateStateAt(passages, position, "pass")).toBe(state);
  });

  it("changes next at an edge ahead, either way", () => {
    expect(nextEdge(passages, 10, 1)).toBe(25);
    expect(nextEdge(passages, 40, 1)).toBeNull();
    expect(nextEdge(passages, 10, 0)).toBeNull();
  });

  it("has changed already at the edge that is told to a conveyor that goes back", () => {
    const edge = nextEdge(passages, 20, -1)!;
    expect(edge).toBeCloseTo(10, 4);
    expect(gateStateAt(passages, edge, "reject")).toBe("reject");
    expect(gateStateAt(passages, 10, "reject")).toBe("pass");
  });
});
