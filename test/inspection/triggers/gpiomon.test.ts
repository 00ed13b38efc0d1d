import fc from "fast-check";
import { expect, test } from "vitest";
import { gpiomonArguments, parseGpiomon } from "../../../src/inspection/triggers/gpiomon.ts";

const input = { kind: "gpio", chip: "gpiochip0", line: 17, edge: "falling", bias: "disabled" } as const;

test("asks gpiomon 1 and 2 for the same edge, bias and line", () => {
  expect(gpiomonArguments(input, 1).join(" ")).toBe(
    "--falling-edge --line-buffered --format=%e %s %n --bias=disable gpiochip0 17",
  );
  expect(gpiomonArguments(input, 2).join(" ")).toBe(
    "--chip gpiochip0 --consumer assayd --edges falling --event-clock monotonic --banner --format %E %S --bias disabled 17",
  );
  expect(gpiomonArguments({ ...input, bias: "as-is" }, 2)).not.toContain("--bias");
});

test("reads an edge of either version with its time stamp", () => {
  expect(parseGpiomon("1 12 34000000")).toEqual({ kind: "edge", edge: "rising", atMs: 12_034 });
  expect(parseGpiomon("0 12 5")).toEqual({ kind: "edge", edge: "falling", atMs: 12_000.000005 });
  expect(parseGpiomon("falling 12.034000000")).toEqual({ kind: "edge", edge: "falling", atMs: 12_034 });
  expect(parseGpiomon("Monitoring line '17'...")).toEqual({ kind: "watching" });
});

test("takes nothing else for an edge", () => {
  const isEdge = /^(0|1|rising|falling) \d+[ .]\d+$/;
  fc.assert(
    fc.property(
      fc.oneof(fc.string(), fc.stringMatching(/^[01rf ]?[a-z]{0,7} ?\d{0,12}[ .,]?\d{0,12}$/)),
      (line) => {
        const word = parseGpiomon(line);
        if (!isEdge.test(line.trim())) expect(word?.kind).not.toBe("edge");
        if (word?.kind === "edge") expect(Number.isFinite(word.atMs)).toBe(true);
      },
    ),
    { seed: 1, numRuns: 5000 },
  );
});
