import { describe, expect, it } from "vitest";
import { findPublished } from "../../src/datasets/published/find.ts";
import {
  accuracyTable,
  choiceNotes,
  costTable,
  dataNotes,
  meanOver,
  oracleTable,
  publishedNotes,
} from "../../src/evaluation/result.ts";
import { resultJson } from "../../src/evaluation/result-json.ts";
import { spreadOf } from "../../src/evaluation/spread.ts";
import { gainTable, summaryTable } from "../../src/evaluation/summary.ts";
import { markdownTable, textTable } from "../../src/evaluation/table.ts";
import { sampleCell, sampleResult } from "./sample-result.ts";

describe("spreadOf", () => {
  it("gives mean and sample deviation, and nothing where a value is missing", () => {
    expect(spreadOf([1, 2, 3])).toEqual({ mean: 2, std: 1 });
    expect(spreadOf([4])).toEqual({ mean: 4, std: null });
    expect(spreadOf([1, null])).toBeNull();
    expect(spreadOf([])).toBeNull();
  });
});

describe("the tables of a result", () => {
  const cells = [
    sampleCell("cup", 1, { shift: 0.1 }),
    sampleCell("cup", 2),
    sampleCell("lid", 1, { shift: 0.01 }),
    sampleCell("lid", 2, { shift: 0.03 }),
  ];

  it("show each category over its seeds, and the mean over the categories of each seed", () => {
    const { header, rows } = accuracyTable(sampleResult(cells));
    expect(header[1]).toBe("image AUROC");
    expect(rows.map(([name, image]) => [name, image])).toEqual([
      ["cup", "0.850 ± 0.071"],
      ["lid", "0.820 ± 0.014"],
      ["mean", "0.835 ± 0.028"], // of .855 and .815
    ]);
    expect(rows[0]?.at(-1)).toBe("–"); // AUPRO to 0.05 is not known
    expect(meanOver(cells, ({ report }) => report.aupro005)).toBeNull();
  });

  it("show the operating point and the costs", () => {
    const { title, header, rows } = costTable(sampleResult([sampleCell("cup", 1)]));
    expect(title).toContain("1 × 2 threads");
    const row = Object.fromEntries(header.map((name, at) => [name, rows[0]?.[at]]));
    expect(row).toMatchObject({
      "false rejects": "25.0 %",
      to: "17.0 %",
      escapes: "50.0 %",
      "train s": "60",
      "infer ms": "7.5",
      MMAC: "400",
      "k param": "700",
    });
  });

  it("put published means beside a whole data set only, and say where they come from", () => {
    const names = ["01", "02", "03"];
    const categories = names.map((name) => ({ name, normals: [], test: [] }));
    const whole = findPublished({ layout: "BTAD", categories });
    const part = findPublished({ layout: "BTAD", categories: categories.slice(1) });
    const cellsOf = (published: typeof whole) =>
      sampleResult(
        names.map((name) => sampleCell(name, 1)),
        { published },
      );
    const row = accuracyTable(cellsOf(whole)).rows.find(([name]) => name === "published: RD++ WRN50");
    expect(row?.slice(0, 5)).toEqual(["published: RD++ WRN50", "0.956", "–", "–", "0.974"]);
    expect(publishedNotes(cellsOf(whole))).toContain("RD++ WRN50: Papers with Code");
    expect(publishedNotes(cellsOf(whole))[0]).toMatch(/of BTAD, recognised by.* names/);
    expect(accuracyTable(cellsOf(part)).rows).toHaveLength(4);
    expect(publishedNotes(cellsOf(part))[0]).toMatch(/No published figure of BTAD/);
    expect(publishedNotes(sampleResult(cells))).toEqual([]);
  });

  it("label what was chosen on the test pictures", () => {
    const oracle = {
      lengths: [
        { share: 0.5, imageAuroc: 0.9 },
        { share: 1, imageAuroc: 0.8 },
      ],
      bestImageAuroc: 0.9,
      point: { threshold: 1, f1: 0.7, falseRejectRate: 0.2, escapeRate: 0.1 },
    };
    const table = oracleTable(sampleResult([sampleCell("cup", 1, { oracle })]));
    expect(table?.title).toMatch(/ORACLE.*looking at the test pictures/);
    expect(table?.rows).toEqual([["cup", "1", "0.900", "50.0 %", "0.700", "20.0 %", "10.0 %"]]);
    expect(oracleTable(sampleResult(cells))).toBeNull();
  });

  it("say what auto deployed", () => {
    expect(
      choiceNotes(sampleResult([sampleCell("cup", 2, { choice: "the bank" }), sampleCell("lid", 1)])),
    ).toEqual(["cup, seed 2: the bank"]);
  });

  it("become text with even columns, and Markdown with escaped bars", () => {
    const table = {
      title: "t",
      header: ["", "n"],
      rows: [
        ["a|b", "1"],
        ["c", "100"],
      ],
    };
    expect(textTable(table)).toBe("t\n       n\n───  ───\na|b    1\nc    100");
    expect(markdownTable(table)).toBe("**t**\n\n|  | n |\n| --- | ---: |\n| a\\|b | 1 |\n| c | 100 |");
  });

  it("keep hostile names on their line: no control characters, no tags in Markdown", () => {
    const table = { title: "t", header: ["", "n"], rows: [["a\n\u001b[31m<b>\\|", "1"]] };
    expect(textTable(table).split("\n").at(-1)).toBe("a��[31m<b>\\|  1");
    expect(markdownTable(table).split("\n").at(-1)).toBe("| a��[31m&lt;b>\\\\\\| | 1 |");
  });

  it("say why figures are missing, and what was left out", () => {
    const { report } = sampleCell("cup", 1);
    const gaps = (changes: Partial<typeof report>) =>
      dataNotes(sampleResult([sampleCell("cup", 1, { report: { ...report, ...changes } })]));
    expect(gaps({})).toEqual([]);
    expect(gaps({ good: 0, bad: 0 })).toEqual(["cup: no test pictures, so no accuracy"]);
    expect(gaps({ bad: 0 })).toEqual(["cup: no bad test pictures: false rejects only"]);
    expect(gaps({ good: 0, bad: 3, withoutMask: 2, emptyMask: 1 })).toEqual([
      "cup: no good test pictures: no image figures, no false rejects",
      "cup: 2 of 3 bad pictures without a mask: not in the pixel figures",
      "cup: 1 of 3 bad pictures with a mask that marks nothing: all their pixels count as sound",
    ]);
    expect(dataNotes(sampleResult([sampleCell("cup", 2, { resumed: true })]))).toEqual([
      "cup, seed 2: the training was stopped and went on; train s is of the rest",
    ]);
    const leftOut = Array.from({ length: 10 }, (_, at) => `${at}: why`);
    const named = { OK: { pictures: 4, imageAuroc: 0.5, caughtShare: 0 } };
    expect(gaps({ perDefect: named })).toEqual([
      'cup: "OK" counts as a kind of defect: only a folder named good holds good pictures',
    ]);
    const notes = dataNotes(sampleResult([], { leftOut }));
    expect(notes).toHaveLength(9);
    expect(notes.at(-1)).toBe("left out: 2 more");
  });

  it("become JSON with means, without scores and thumbnails", () => {
    const json = JSON.parse(JSON.stringify(resultJson(sampleResult(cells), []))) as {
      mean: Record<string, unknown>;
      cells: Record<string, unknown>[];
    };
    expect(json.mean.imageAuroc).toEqual({
      mean: expect.closeTo(0.835) as number,
      std: expect.closeTo(0.0283, 4) as number,
    });
    expect(json.mean.aupro005).toBeNull();
    expect(json.cells).toHaveLength(4);
    expect(Object.keys(json.cells[0] ?? {})).not.toContain("scores");
    expect(json).not.toHaveProperty("cells.0.examples");
  });
});

describe("findPublished", () => {
  it("knows a data set in MVTec's form by its categories", () => {
    const categories = ["bottle", "screw"].map((name) => ({ name, normals: [], test: [] }));
    expect(findPublished({ layout: "MVTec form", categories })).toEqual({
      dataSet: "MVTec AD",
      means: [],
      categories: [],
    });
    const visa = findPublished({ layout: "VisA", categories: [{ name: "candle", normals: [], test: [] }] });
    expect(visa?.categories.map(({ method, metrics }) => [method, metrics.imageAuroc?.toFixed(3)])).toEqual([
      ["AAND WRN50", "0.984"],
      ["RD WRN50", "0.953"],
    ]);
    const unknown = [{ name: "my part", normals: [], test: [] }];
    expect(findPublished({ layout: "MVTec form", categories: unknown })).toBeNull();
  });
});

describe("the summary of many results", () => {
  const of = (method: string, dataSet: string, shift: number) =>
    sampleResult([sampleCell("one", 1, { shift }), sampleCell("one", 2, { shift: shift + 0.02 })], {
      method,
      dataSet,
    });
  const results = [
    of("memory-bank", "cups", 0),
    of("aand", "cups", 0.1),
    of("memory-bank", "lids", 0.1),
    of("aand", "lids", 0),
    of("aand", "jugs", 0.1),
  ];

  it("has a line for every data set and method", () => {
    const { header, rows } = summaryTable(results);
    expect(rows).toHaveLength(5);
    expect(Object.fromEntries(header.map((name, at) => [name, rows[0]?.[at]]))).toMatchObject({
      "data set": "cups",
      method: "memory-bank",
      seeds: "2",
      "image AUROC": "0.810 ± 0.014",
      escapes: "50.0 ± 0.0 %",
    });
  });

  it("compares each method with the reference where both were measured", () => {
    const { rows } = gainTable(results, "memory-bank");
    expect(rows.map((row) => [row[0], row[2], row[5], row[6]])).toEqual([
      ["cups", "aand", "+0.100", "no"],
      ["lids", "aand", "−0.100", "yes"],
      ["mean of 2", "aand", "+0.000", ""],
    ]);
  });
});
