import fc from "fast-check";
import { expect, it } from "vitest";
import type { Verdict } from "../../../src/domain/inspection.ts";
import { FAULT_CODES } from "../../../src/plc/register-map.ts";
import type { Answer } from "../../../src/plc/simulator/ladder.ts";
import {
  emptyLedger,
  noteAnswer,
  noteEjector,
  noteFault,
  noteTrigger,
  tagOf,
  type Ledger,
} from "../../../src/plc/simulator/ledger.ts";
import { summarizeLine, type LineSummary } from "../../../src/plc/simulator/line-summary.ts";

const answer = (part: number, verdict: Verdict): Answer => ({
  tag: tagOf(part),
  resultNo: part,
  ok: verdict === "OK",
  verdict,
  reason: verdict === "ERR" ? "late" : "score",
  totalMs: 30,
});

interface Story {
  readonly answers: readonly Verdict[];
  /** null: it never came to the ejector. */
  readonly passed: boolean | null;
  readonly asked?: boolean;
}

/** A line on which part n came to each camera at 1000·n ms, was answered 40 ms later, and met the ejector after 500 ms. */
function tell(parts: readonly (readonly Story[])[], cameras = 1): Ledger {
  const ledger = emptyLedger(cameras);
  for (const [part, stories] of parts.entries()) {
    for (const [camera, { answers, passed, asked = true }] of stories.entries()) {
      const triggeredAt = 1000 * part;
      noteTrigger(ledger, { part, camera, triggeredAt, asked });
      for (const verdict of answers) noteAnswer(ledger, camera, answer(part, verdict), triggeredAt + 40);
      if (passed === null) continue;
      const window = { actFromMs: triggeredAt + 490, actUntilMs: triggeredAt + 520 };
      noteEjector(ledger, { part, camera }, { passed, ...window });
    }
  }
  return ledger;
}

const sum = (ledger: Ledger, unreadIsNormal = false): LineSummary =>
  summarizeLine(ledger, { restingState: "reject", toleranceMs: 50, unreadIsNormal, counts: null });

it("counts what became of every part", () => {
  const ledger = tell([
    [{ answers: ["OK"], passed: true }],
    [{ answers: ["OK"], passed: false }],
    [{ answers: ["NG"], passed: false }],
    [{ answers: ["ERR"], passed: false }],
    [{ answers: ["WARN"], passed: false }],
  ]);
  expect(sum(ledger)).toMatchObject({
    parts: 5,
    triggered: 5,
    answeredOnce: 5,
    ok: 2,
    ng: 1,
    warn: 1,
    err: 1,
    errByReason: { late: 1 },
    passed: 1,
    rejected: 4,
    goodRejected: 1,
    unaccounted: 0,
    escaped: 0,
    triggerToResultMs: { p50: 40, p99: 40, max: 40 },
    missed: null,
  });
  expect(ledger.totals).toEqual({ parts: 5, ok: 2, ng: 1, warn: 1, err: 1, passed: 1, rejected: 4 });
});

it("calls a part unaccounted that has no answer, two of them, or no fate", () => {
  const of = (story: Story): number => sum(tell([[story]])).unaccounted;
  expect(of({ answers: [], passed: false })).toBe(1);
  expect(of({ answers: ["OK", "OK"], passed: true })).toBe(1);
  expect(of({ answers: ["OK"], passed: null })).toBe(1);
  expect(of({ answers: ["OK"], passed: true })).toBe(0);
});

it("accounts for a part that could not be asked for, if it was taken off", () => {
  expect(sum(tell([[{ answers: [], passed: false, asked: false }]]))).toMatchObject({
    unaccounted: 0,
    escaped: 0,
  });
  expect(sum(tell([[{ answers: [], passed: true, asked: false }]]))).toMatchObject({
    unaccounted: 0,
    escaped: 1,
  });
});

it("calls a part escaped that passed without an OK of every camera", () => {
  const ok: Story = { answers: ["OK"], passed: true };
  expect(sum(tell([[ok, ok]], 2)).escaped).toBe(0);
  expect(sum(tell([[ok, { answers: ["NG"], passed: true }]], 2)).escaped).toBe(1);
  expect(sum(tell([[ok, { answers: [], passed: true }]], 2)).escaped).toBe(1);
  expect(sum(tell([[ok, { answers: ["ERR"], passed: false }]], 2)).escaped).toBe(0);
});

it("does not blame the station for results that a rude PLC does not read", () => {
  const unread = tell([[{ answers: [], passed: true }]]);
  expect(sum(unread, true)).toMatchObject({ unaccounted: 0, escaped: 0, unanswered: 1 });
  expect(sum(tell([[{ answers: ["NG"], passed: true }]]), true).escaped).toBe(1);
});

it("measures the ejector's changes against those that the good parts call for", () => {
  const ledger = tell([[{ answers: ["OK"], passed: true }], [{ answers: ["OK"], passed: false }]]);
  ledger.changes[0]!.push({ at: 492, passing: true }, { at: 523, passing: false });
  const { outputErrorMs, triggerToOutputMs, changesMissing } = sum(ledger);
  expect(outputErrorMs).toEqual({ p50: 2.5, p99: 2.99, max: 3 });
  expect(triggerToOutputMs?.max).toBe(523);
  expect(changesMissing).toBe(2);
});

it("gives each part exactly one fate, whatever happens", () => {
  const verdict = fc.constantFrom<Verdict>("OK", "NG", "WARN", "ERR");
  const story = fc.record({
    answers: fc.array(verdict, { maxLength: 2 }),
    passed: fc.option(fc.boolean()),
    asked: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(fc.array(story, { minLength: 2, maxLength: 2 }), { maxLength: 30 }), (parts) => {
      const ledger = tell(parts, 2);
      const { passed, rejected, unaccounted, escaped, ...rest } = sum(ledger);
      const lost = parts.filter(
        (part) => part.every((at) => at.passed !== false) && part.some((at) => at.passed === null),
      );
      expect(passed + rejected + lost.length).toBe(parts.length);
      expect(unaccounted).toBeGreaterThanOrEqual(lost.length);
      expect(escaped).toBe(
        parts.filter(
          (part) =>
            part.every((at) => at.passed === true) &&
            !part.every((at) => at.answers.length > 0 && at.answers.every((one) => one === "OK")),
        ).length,
      );
      expect(rest.answeredOnce + rest.answeredTwice + rest.unanswered).toBe(rest.triggered);
      expect(ledger.totals).toMatchObject({ parts: parts.length, passed, rejected });
    }),
    { seed: 55, numRuns: 500 },
  );
});

it("names the faults that the station showed", () => {
  const ledger = tell([]);
  for (const code of [FAULT_CODES["output-late"], FAULT_CODES["output-late"], 9999]) noteFault(ledger, code);
  expect(sum(ledger).faults).toEqual({ "output-late": 2, "fault 9999": 1 });
});

it("counts answers that no part asked for", () => {
  const ledger = tell([[{ answers: ["OK"], passed: true }]]);
  noteAnswer(ledger, 0, { ...answer(0, "OK"), tag: 0 }, 50);
  expect(ledger.strangers).toBe(1);
  expect(sum(ledger).answeredOnce).toBe(1);
});
