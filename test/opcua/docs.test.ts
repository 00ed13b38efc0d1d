import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import type { VisionState } from "../../src/domain/station-view.ts";
import { nextVisionState, VISION_METHODS } from "../../src/domain/vision-state.ts";

it("docs/opcua.md has the table of states and methods as it is", () => {
  const text = readFileSync(new URL("../../docs/opcua.md", import.meta.url), "utf8");
  const rows = text
    .slice(text.indexOf("## States and methods"), text.indexOf("A dash is"))
    .split("\n")
    .filter((line) => line.startsWith("|"))
    .map((line) =>
      line
        .split("|")
        .map((cell) => cell.trim())
        .slice(1, -1),
    );
  const [head, , ...body] = rows;
  expect(head).toEqual(["state", ...VISION_METHODS]);
  expect(body).toHaveLength(7);
  for (const [state, ...cells] of body) {
    expect(cells).toEqual(
      VISION_METHODS.map((method) => nextVisionState(state as VisionState, method) ?? "–"),
    );
  }
});
