import type { Writable } from "node:stream";
import type { Inspection, Verdict } from "../../domain/inspection.ts";
import type { JobProgress } from "../../domain/job.ts";

/** How often progress is said where there is no terminal to redraw a line in. */
const PLAIN_EVERY_MS = 3000;
const BAR_WIDTH = 28;

/** Running totals of the line. */
export type Totals = Readonly<Record<Verdict, number>>;

/** The demo's words on a terminal (one line redrawn while something goes on) or in a plain log. */
export class DemoView {
  readonly #out: Writable & { isTTY?: boolean };
  readonly #monotonicMs: () => number;
  #lastPlain = -Infinity;
  #drawn = false;

  constructor(out: Writable & { isTTY?: boolean }, monotonicMs: () => number) {
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
      this.#out.write(`\r\u001b[2K${text}`);
      this.#drawn = true;
      return;
    }
    if (share < 1 && this.#monotonicMs() - this.#lastPlain < PLAIN_EVERY_MS) return;
    this.#lastPlain = this.#monotonicMs();
    this.#out.write(`${text}\n`);
  }

  job({ stage, progress, message, etaS }: JobProgress): void {
    const left = etaS === null ? "" : `, ${etaS} s left`;
    this.progress("training", progress, `${stage}: ${message}${left}`);
  }

  verdict(inspection: Inspection, totals: Totals): void {
    this.say(verdictLine(inspection, totals));
  }

  #endLine(): void {
    if (this.#drawn) this.#out.write("\n");
    this.#drawn = false;
  }
}

function verdictLine(inspection: Inspection, totals: Totals): string {
  const { seq, verdict, score, threshold, times, truth, reason, detail } = inspection;
  const judged =
    score === null
      ? `${reason}: ${detail ?? ""}`
      : `score ${score.toFixed(2).padStart(7)}  limit ${(threshold ?? NaN).toFixed(2)}`;
  const ms = `${times.totalMs.toFixed(1)} ms (model ${(times.inferMs ?? 0).toFixed(1)})`;
  const known = truth ? `  is ${truth.label}${truth.label === "bad" ? ` (${truth.source})` : ""}` : "";
  const sum = `OK ${totals.OK} NG ${totals.NG}${totals.WARN ? ` WARN ${totals.WARN}` : ""} ERR ${totals.ERR}`;
  return `  #${String(seq).padEnd(6)} ${verdict.padEnd(4)} ${judged}  ${ms.padEnd(24)} | ${sum}${known}`;
}
