import type { Ledger } from "../../plc/simulator/ledger.ts";
import type { LineRun } from "../../plc/simulator/line-table.ts";
import type { SimulatedLine } from "../../plc/simulator/line.ts";
import type { TerminalView } from "../terminal-view.ts";

export interface RatesOptions {
  readonly line: SimulatedLine;
  /** Parts per second, one run for each. */
  readonly rates: readonly number[];
  readonly partsAt: (rate: number) => number;
  /** Before the runs that count, one with a badly written PLC at the first rate. */
  readonly rude: boolean;
  readonly view: TerminalView;
  /** Ends the run that goes on, and leaves out the others. */
  readonly signal: AbortSignal;
}

/** Runs the line once for each rate, with live totals. @throws InputError if the station is not there, or not ready */
export async function runRates({
  line,
  rates,
  partsAt,
  rude,
  view,
  signal,
}: RatesOptions): Promise<LineRun[]> {
  const plans = [
    ...(rude ? [{ partsPerSecond: rates[0] ?? 1, manners: "rude" as const }] : []),
    ...rates.map((partsPerSecond) => ({ partsPerSecond, manners: "polite" as const })),
  ];
  const runs: LineRun[] = [];
  try {
    await line.start();
    for (const plan of plans) {
      await line.ready(signal);
      const parts = partsAt(plan.partsPerSecond);
      const title = `${plan.partsPerSecond} parts/s`;
      const summary = await line.run({
        ...plan,
        parts,
        signal,
        onProgress: (ledger) => {
          const { passed, rejected } = ledger.totals;
          view.progress(title, (passed + rejected) / parts, totalsText(ledger));
        },
      });
      runs.push({ ...plan, ...summary });
      if (signal.aborted) break;
    }
  } finally {
    await line.stop();
  }
  return runs;
}

function totalsText({ totals }: Ledger): string {
  const { ok, ng, warn, err, passed, rejected } = totals;
  const grey = warn === 0 ? "" : ` WARN ${warn}`;
  return `OK ${ok} NG ${ng}${grey} ERR ${err} | passed ${passed} rejected ${rejected}`;
}
