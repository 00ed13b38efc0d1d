import { ACCURACY, COST, orDash, share } from "./columns.ts";
import { meanOver, type DataSetResult } from "./result.ts";
import type { Spread } from "./spread.ts";
import type { Table } from "./table.ts";

/** Columns of a summary over many data sets. */
const SUMMARY: readonly string[] = [
  "image AUROC",
  "image AP",
  "pixel AUROC",
  "pixel AP",
  "AUPRO .3",
  "AUPRO .05",
  "false rejects",
  "escapes",
  "train s",
  "infer ms",
];

/** Results of many data sets and methods, one line each: the mean over categories and seeds. */
export function summaryTable(results: readonly DataSetResult[]): Table {
  const columns = [...ACCURACY, ...COST].filter(({ title }) => SUMMARY.includes(title));
  return {
    title:
      "image and pixel accuracy, rejects at the threshold from good parts alone, costs (mean ± std over seeds)",
    header: ["data set", "px", "method", "seeds", ...columns.map(({ title }) => title)],
    rows: results.map(({ dataSet, size, method, seeds, cells }) => [
      dataSet,
      String(size),
      method,
      String(seeds.length),
      ...columns.map(({ of, text }) => orDash(meanOver(cells, of), text)),
    ]),
  };
}

/**
 * What each method gains over a reference method on the same data sets, in image AUROC: the difference of the means, and
 * whether it is a loss of more than the larger of both standard deviations.
 */
export function gainTable(results: readonly DataSetResult[], reference: string): Table {
  const rows = results
    .filter(({ method }) => method !== reference)
    .flatMap((result) => {
      const base = results.find(
        ({ dataSet, size, method }) =>
          dataSet === result.dataSet && size === result.size && method === reference,
      );
      const [own, other] = [imageAurocOf(result), base ? imageAurocOf(base) : null];
      return own && other ? [{ result, own, other, gain: own.mean - other.mean }] : [];
    });
  const methods = [...new Set(rows.map(({ result }) => result.method))];
  return {
    title: `image AUROC against ${reference}`,
    header: ["data set", "px", "method", "own", reference, "gain", "worse by more than one std"],
    rows: [
      ...rows.map(({ result, own, other, gain }) => [
        result.dataSet,
        String(result.size),
        result.method,
        share(own),
        share(other),
        signed(gain),
        gain < -Math.max(own.std ?? 0, other.std ?? 0) ? "yes" : "no",
      ]),
      ...methods.map((method) => {
        const gains = rows.filter(({ result }) => result.method === method).map(({ gain }) => gain);
        const mean = gains.reduce((sum, gain) => sum + gain, 0) / gains.length;
        return [`mean of ${gains.length}`, "", method, "", "", signed(mean), ""];
      }),
    ],
  };
}

function imageAurocOf({ cells }: DataSetResult): Spread | null {
  return meanOver(cells, ({ report }) => report.imageAuroc);
}

function signed(difference: number): string {
  return `${difference < 0 ? "−" : "+"}${Math.abs(difference).toFixed(3)}`;
}
