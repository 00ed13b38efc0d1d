import type { Published } from "../datasets/published/find.ts";
import type { PublishedRow } from "../datasets/published/published.ts";
import type { Cell } from "./cell.ts";
import { ACCURACY, COST, one, orDash, percent, share, type Column } from "./columns.ts";
import { spreadOf, type Spread } from "./spread.ts";
import type { Table } from "./table.ts";

/** One method on one data set: every cell, and what it is compared with. */
export interface DataSetResult {
  readonly dataSet: string;
  readonly layout: string;
  readonly method: string;
  readonly teacher: string;
  /** Input side in pixels. */
  readonly size: number;
  readonly seeds: readonly number[];
  /** Every category has one cell a seed. */
  readonly cells: readonly Cell[];
  readonly published: Published | null;
  /** What is in the data set and was neither taught nor tested, each with the reason. */
  readonly leftOut: readonly string[];
}

/** Of what was left out; the rest is counted. */
const LEFT_OUT_SHOWN = 8;

/** Accuracy of every category and of their mean, with the spread over the seeds, above what others published. */
export function accuracyTable(result: DataSetResult): Table {
  const columns = ACCURACY;
  return {
    title: `accuracy of ${result.method}, ${caption(result)}`,
    header: ["", ...columns.map(({ title }) => title)],
    rows: [...ownRows(result, columns), ...publishedRows(result, columns)],
  };
}

/** What happens at the deployed threshold (found from good parts alone), and what the model costs. */
export function costTable(result: DataSetResult): Table {
  const ways = [...new Set(result.cells.map(({ jobs, threads }) => `${jobs} × ${threads} threads`))];
  return {
    title: `at the threshold from good parts alone, and costs (${ways.join(", ")})`,
    header: ["", ...COST.map(({ title }) => title)],
    rows: ownRows(result, COST),
  };
}

/** Null unless the oracle was asked for. */
export function oracleTable({ cells }: DataSetResult): Table | null {
  if (cells.every(({ oracle }) => oracle === null)) return null;
  return {
    title: "ORACLE: chosen by looking at the test pictures; an upper bound, not to be compared or deployed",
    header: [
      "",
      "seed",
      "image AUROC",
      "best training length",
      "F1 at best threshold",
      "false rejects",
      "escapes",
    ],
    rows: cells.map(({ category, seed, oracle }) => {
      const best = oracle?.lengths.find(({ imageAuroc }) => imageAuroc === oracle.bestImageAuroc);
      const point = oracle?.point;
      return [
        category,
        String(seed),
        one(oracle?.bestImageAuroc, share),
        one(best?.share, percent),
        one(point?.f1, share),
        one(point?.falseRejectRate, percent),
        one(point?.escapeRate, percent),
      ];
    }),
  };
}

/** Where each published row comes from and why it may not compare, one line each. */
export function publishedNotes({ published }: DataSetResult): string[] {
  if (published === null) return [];
  const rows = [...published.means, ...published.categories];
  if (rows.length === 0)
    return [
      `No published figure of ${published.dataSet} that compares with these categories and whose source could be read.`,
    ];
  const notes = rows.map(
    ({ method, source, caveat }) => `${method}: ${source}${caveat === "" ? "" : `; ${caveat}`}`,
  );
  const caution = `They are of ${published.dataSet}, recognised by its layout or the names of its folders: of use only if these are its pictures.`;
  return [caution, ...new Set(notes)];
}

/** What the pictures do not allow and what was left out, one line each: figures that are missing have their reason. */
export function dataNotes({ cells, leftOut }: DataSetResult): string[] {
  const firsts = cells.filter(
    ({ category }, at) => cells.findIndex((cell) => cell.category === category) === at,
  );
  const rest = leftOut.length - LEFT_OUT_SHOWN;
  return [
    ...firsts.flatMap(({ category, report }) => gapsOf(report).map((words) => `${category}: ${words}`)),
    ...cells
      .filter(({ resumed }) => resumed)
      .map(
        ({ category, seed }) =>
          `${category}, seed ${seed}: the training was stopped and went on; train s is of the rest`,
      ),
    ...leftOut.slice(0, LEFT_OUT_SHOWN).map((words) => `left out: ${words}`),
    ...(rest > 0 ? [`left out: ${rest} more`] : []),
  ];
}

/** Folders of test pictures that are probably good ones: only the exact name `good` is. */
const SOUNDS_GOOD = /^(good|ok|normal)$/i;

function gapsOf({ good, bad, withoutMask, emptyMask, perDefect }: Cell["report"]): string[] {
  if (good + bad === 0) return ["no test pictures, so no accuracy"];
  if (bad === 0) return ["no bad test pictures: false rejects only"];
  const of = (count: number): string => `${count} of ${bad} bad pictures`;
  return [
    good === 0 ? "no good test pictures: no image figures, no false rejects" : "",
    ...Object.keys(perDefect)
      .filter((kind) => SOUNDS_GOOD.test(kind))
      .map((kind) => `"${kind}" counts as a kind of defect: only a folder named good holds good pictures`),
    withoutMask > 0 ? `${of(withoutMask)} without a mask: not in the pixel figures` : "",
    emptyMask > 0 ? `${of(emptyMask)} with a mask that marks nothing: all their pixels count as sound` : "",
  ].filter((words) => words !== "");
}

/** What method auto deployed, one line a cell. */
export function choiceNotes({ cells }: DataSetResult): string[] {
  return cells.flatMap(({ category, seed, choice }) =>
    choice === null ? [] : [`${category}, seed ${seed}: ${choice}`],
  );
}

/** The mean over the categories of each seed, then over the seeds: from the figures as they are, not rounded. */
export function meanOver(cells: readonly Cell[], of: (cell: Cell) => number | null): Spread | null {
  const seeds = [...new Set(cells.map(({ seed }) => seed))];
  return spreadOf(
    seeds.map((seed) => spreadOf(cells.filter((cell) => cell.seed === seed).map(of))?.mean ?? null),
  );
}

function caption({ dataSet, layout, teacher, size, seeds }: DataSetResult): string {
  const over = seeds.length === 1 ? `seed ${seeds[0]}` : `mean ± std of ${seeds.length} seeds`;
  return `${teacher}, ${size} px, on ${dataSet} (${layout}), ${over}, last weights`;
}

function ownRows({ cells }: DataSetResult, columns: readonly Column[]): string[][] {
  const names = [...new Set(cells.map(({ category }) => category))];
  const rows = names.map((name) => {
    const those = cells.filter(({ category }) => category === name);
    return [name, ...columns.map(({ of, text }) => orDash(spreadOf(those.map(of)), text))];
  });
  if (names.length < 2) return rows;
  return [...rows, ["mean", ...columns.map(({ of, text }) => orDash(meanOver(cells, of), text))]];
}

function publishedRows({ published }: DataSetResult, columns: readonly Column[]): string[][] {
  if (published === null) return [];
  const row = ({ method, category, metrics }: PublishedRow): string[] => [
    `published: ${method}${category === null ? "" : `, ${category}`}`,
    ...columns.map((column) => one(column.published && metrics[column.published], share)),
  ];
  return [...published.means, ...published.categories].map(row);
}
