import type { Answer } from "./ladder.ts";
import type { Verdict } from "../../domain/inspection.ts";
import type { Passage } from "./conveyor.ts";
import type { EjectorChange } from "./ejector.ts";

/** One part at one camera: what the PLC asked, what it was told, and what became of the part. Times are ms of the belt's clock. */
export interface Pass {
  readonly part: number;
  readonly camera: number;
  readonly tag: number;
  readonly triggeredAt: number;
  /** False: the station was not connected, nothing could be asked. */
  readonly asked: boolean;
  /** Each answer that bore its tag: there must be one. */
  readonly answers: { readonly answer: Answer; readonly at: number }[];
  /** null: still on its way to the ejector. */
  ejector: EjectorOutcome | null;
}

/** How a part was treated, and when it should have been. */
export type EjectorOutcome = { readonly passed: boolean } & Pick<Passage, "actFromMs" | "actUntilMs">;

/** All that happened on a line, written down as it does. */
export interface Ledger {
  readonly cameras: number;
  /** In the order of triggers. */
  readonly passes: Pass[];
  /** The newest pass of each camera and tag. */
  readonly byTag: Map<string, Pass>;
  /** Of each camera's ejector. */
  readonly changes: readonly EjectorChange[][];
  /** Answers with a tag that no part of ours bears. */
  strangers: number;
  /** How late the PLC itself woke, each time: nothing is measured better than this. */
  readonly lateMs: number[];
  /** Fault codes that the station showed, and how often. */
  readonly faults: Map<number, number>;
  /** Of each part: how many ejectors let it go by, as long as none took it off. */
  readonly fates: Map<number, number | "rejected">;
  /** Running totals, for who watches. */
  readonly totals: LineTotals;
}

/** Verdicts are of all cameras. */
export interface LineTotals {
  parts: number;
  ok: number;
  ng: number;
  warn: number;
  err: number;
  passed: number;
  rejected: number;
}

export function emptyLedger(cameras: number): Ledger {
  return {
    cameras,
    passes: [],
    byTag: new Map(),
    changes: Array.from({ length: cameras }, () => []),
    strangers: 0,
    lateMs: [],
    faults: new Map(),
    fates: new Map(),
    totals: { parts: 0, ok: 0, ng: 0, warn: 0, err: 0, passed: 0, rejected: 0 },
  };
}

/** The tag of a part: 1 to 65535, then again from 1 (0 means that no PLC asked). */
export function tagOf(part: number): number {
  return (part % 0xffff) + 1;
}

export function noteTrigger(
  ledger: Ledger,
  pass: Pick<Pass, "part" | "camera" | "triggeredAt" | "asked">,
): void {
  const noted: Pass = { ...pass, tag: tagOf(pass.part), answers: [], ejector: null };
  ledger.passes.push(noted);
  ledger.byTag.set(`${noted.camera} ${noted.tag}`, noted);
  if (pass.camera === 0) ledger.totals.parts += 1;
}

export function noteAnswer(ledger: Ledger, camera: number, answer: Answer, at: number): void {
  const pass = ledger.byTag.get(`${camera} ${answer.tag}`);
  if (!pass) {
    ledger.strangers += 1;
    return;
  }
  pass.answers.push({ answer, at });
  if (answer.verdict !== null) ledger.totals[TOTAL_OF[answer.verdict]] += 1;
}

export function noteFault(ledger: Ledger, code: number): void {
  ledger.faults.set(code, (ledger.faults.get(code) ?? 0) + 1);
}

const TOTAL_OF = { OK: "ok", NG: "ng", WARN: "warn", ERR: "err" } as const satisfies Record<
  Verdict,
  keyof LineTotals
>;

/** A part is done when it was taken off, or has passed the last ejector. */
export function noteEjector(
  ledger: Ledger,
  { part, camera }: Pick<Pass, "part" | "camera">,
  outcome: EjectorOutcome,
): void {
  const pass = ledger.byTag.get(`${camera} ${tagOf(part)}`);
  if (pass?.part !== part) return;
  pass.ejector = outcome;
  const before = ledger.fates.get(part) ?? 0;
  const now = before === "rejected" || !outcome.passed ? "rejected" : before + 1;
  ledger.fates.set(part, now);
  if (now === "rejected" && before !== "rejected") ledger.totals.rejected += 1;
  if (now === ledger.cameras) ledger.totals.passed += 1;
}
