import type { Writable } from "node:stream";
import { styleText } from "node:util";
import type { Inspection, Verdict } from "../domain/inspection.ts";
import type { JobProgress, Stage } from "../domain/job.ts";

/** How often progress is said where there is no terminal to redraw a line in. */
const PLAIN_EVERY_MS = 3000;
const BAR_WIDTH = 28;
/** A terminal that does not say how wide it is. */
const USUAL_COLUMNS = 80;
/** What the two stages of training are called; the others say it in their message. */
const STAGE_WORDS: Partial<Record<Stage, string>> = {
  amplify: "stage 1 (amplify): ",
  distill: "stage 2 (distill): ",
};
const COLOURS = { OK: "green", NG: "red", WARN: "yellow", ERR: "magenta" } as const;

type Out = Writable & { isTTY?: boolean; columns?: number };

/** Running totals of the line. */
export type Totals = Readonly<Record<Verdict, number>>;

/** What commands say on a terminal (one line redrawn while something goes on) or in a plain log. */
export class TerminalView {
  readonly #out: Out;
  readonly #monotonicMs: () => number;
  #lastPlain = -Infinity;
  #drawn = false;

  constructor(out: Out, monotonicMs: () => number) {
    this.#out = out;
    this.#monotonicMs = monotonicMs;
  }

  say(text: string): void {
    this.#endLine();
    this.#out.write(`${text}\n`);
  }

  progress(title: string, share: number, detail: string): void {
    const filled = Math.round(BAR_WIDTH * Math.min(1, Math.max(0, share)));
    const text = `  ${title} [${"█".repeat(filled)}${"░".repeat(BAR_WIDTH - filled)}] ${String(Math.round(share * 100)).padStart(3)} %  ${detail}`;
    if (this.#out.isTTY) {
      const columns = this.#out.columns ?? USUAL_COLUMNS;
      this.#out.write(`\r\u001b[2K${text.slice(0, columns - 1)}`); // a wrapped line could not be redrawn
      this.#drawn = true;
      return;
    }
    if (share < 1 && this.#monotonicMs() - this.#lastPlain < PLAIN_EVERY_MS) return;
    this.#lastPlain = this.#monotonicMs();
    this.#out.write(`${text}\n`);
  }

  job({ stage, progress, message, etaS }: JobProgress): void {
    const left = etaS === null ? "" : `${etaS} s left, `;
    this.progress("training", progress, `${left}${STAGE_WORDS[stage] ?? ""}${message}`);
  }

  verdict(inspection: Inspection, totals: Totals): void {
    this.say(verdictLine(inspection, totals, (text) => this.#coloured(text, inspection.verdict)));
  }

  /** In colour where the terminal shows it (not with NO_COLOR). */
  #coloured(text: string, verdict: Verdict): string {
    return this.#out.isTTY ? styleText(COLOURS[verdict], text, { stream: this.#out }) : text;
  }

  #endLine(): void {
    if (this.#drawn) this.#out.write("\n");
    this.#drawn = false;
  }
}

/** Fits 80 columns for thousands of parts, unless the verdict is wrong. */
function verdictLine(inspection: Inspection, totals: Totals, colour: (text: string) => string): string {
  const { seq, verdict, score, threshold, times, reason, detail } = inspection;
  const judged =
    score === null
      ? `${reason}: ${detail ?? ""}`
      : `score ${score.toFixed(2).padStart(5)}  limit ${(threshold ?? NaN).toFixed(2)}`;
  const ms = `${times.totalMs.toFixed(1).padStart(6)} ms`;
  const warn = totals.WARN ? ` WARN ${totals.WARN}` : "";
  const sum = `OK ${totals.OK} NG ${totals.NG}${warn}${totals.ERR ? ` ERR ${totals.ERR}` : ""}`;
  return `  #${String(seq).padEnd(5)} ${colour(verdict.padEnd(4))} ${judged} ${ms} | ${sum.padEnd(12)} ${truthWords(inspection)}`.trimEnd();
}

/** What the part really is, where the source of the pictures knows it, and whether the verdict is wrong. */
function truthWords({ truth, action, score }: Inspection): string {
  if (!truth) return "";
  if (truth.label === "good") return action === "reject" && score !== null ? "good: FALSE REJECT" : "good";
  return `bad (${truth.source})${action === "pass" ? ": MISSED" : ""}`;
}
