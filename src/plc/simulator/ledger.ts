import type { Answer } from "./ladder.ts";
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
}

export function emptyLedger(cameras: number): Ledger {
  return {
    cameras,
    passes: [],
    byTag: new Map(),
    changes: Array.from({ length: cameras }, () => []),
    strangers: 0,
  };
}

/** The tag of a part: 1 to 65535, then again from 1 (0 means that no PLC asked). */
export function tagOf(part: number): number {
  return (part % 0xffff) + 1;
}

export function noteTrigger(
  ledger: Ledger,
  pass: Pick<Pass, "part" | "camera" | "triggeredAt" | "asked">,
): Pass {
  const noted: Pass = { ...pass, tag: tagOf(pass.part), answers: [], ejector: null };
  ledger.passes.push(noted);
  ledger.byTag.set(`${noted.camera} ${noted.tag}`, noted);
  return noted;
}

export function noteAnswer(ledger: Ledger, camera: number, answer: Answer, at: number): Pass | null {
  const pass = ledger.byTag.get(`${camera} ${answer.tag}`) ?? null;
  if (pass) pass.answers.push({ answer, at });
  else ledger.strangers += 1;
  return pass;
}

export function noteEjector(
  ledger: Ledger,
  at: { readonly part: number; readonly camera: number },
  outcome: EjectorOutcome,
): void {
  const pass = ledger.byTag.get(`${at.camera} ${tagOf(at.part)}`);
  if (pass?.part === at.part) pass.ejector = outcome;
}
