import { PassThrough } from "node:stream";
import { expect, it } from "vitest";
import { TerminalView } from "../../src/commands/terminal-view.ts";
import type { Inspection } from "../../src/domain/inspection.ts";
import { inspectionOf } from "../messaging/plant.ts";

const TOTALS = { OK: 14, NG: 4, WARN: 0, ERR: 0 };
const BAD = { label: "bad", source: "missing" } as const;

/** What is written by an act on a view, as one text; with columns: to a terminal so wide. */
function written(act: (view: TerminalView) => void, columns?: number): string {
  const out = Object.assign(new PassThrough(), columns === undefined ? {} : { isTTY: true, columns });
  act(new TerminalView(out, () => 0));
  return String(out.read() ?? "");
}

function verdictOf(changes: Partial<Inspection>): string {
  return written((view) => {
    view.verdict(inspectionOf(1190, changes), TOTALS);
  });
}

it("says verdict, score, limit, time and what the part really is in 80 columns", () => {
  const line = verdictOf({ verdict: "NG", action: "reject", score: 5.01, truth: BAD });
  expect(line).toBe("  #1190  NG   score  5.01  limit 0.50   40.0 ms | OK 14 NG 4   bad (missing)\n");
});

it("points out a verdict that is wrong", () => {
  expect(verdictOf({ truth: BAD })).toContain("bad (missing): MISSED");
  const rejected = { verdict: "NG", action: "reject", truth: { label: "good", source: "good" } } as const;
  expect(verdictOf(rejected)).toContain("good: FALSE REJECT");
});

it("says why a part was not judged", () => {
  const line = verdictOf({
    verdict: "ERR",
    action: "reject",
    reason: "no_frame",
    score: null,
    detail: "no picture",
  });
  expect(line).toContain("ERR  no_frame: no picture");
});

it("cuts a redrawn line to the terminal, where it could not be redrawn if it wrapped", () => {
  const text = written((view) => {
    view.progress("training", 0.5, "x".repeat(200));
  }, 80);
  expect(text.replace("\r\u001b[2K", "")).toHaveLength(79);
});

it("says progress every few seconds where there is no terminal", () => {
  const text = written((view) => {
    view.progress("collecting", 0.1, "12 of 120");
    view.progress("collecting", 0.2, "24 of 120");
  });
  expect(text.match(/\n/g)).toHaveLength(1);
  expect(text).toContain(" 10 %  12 of 120");
});
