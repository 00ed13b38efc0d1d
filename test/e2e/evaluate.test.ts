import { copyFileSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { emptyFolder, taughtNothingState } from "./quick-state.ts";
import { assayd, lastLine, writeConfig } from "./run-assayd.ts";

const FAMILIES = ["gear", "fabric"];

/** A data set of two rendered products in the MVTec form, pictures of 96 px. */
async function renderedSet(): Promise<string> {
  const folder = join(await emptyFolder(), "set");
  for (const family of FAMILIES) {
    const counts = ["--train", "24", "--good", "6", "--bad", "6", "--size", "96"];
    const { code, stderr } = await assayd(
      "simulate",
      "products",
      "--family",
      family,
      "--out",
      join(folder, family),
      ...counts,
    );
    expect([code, stderr]).toEqual([0, ""]);
  }
  return folder;
}

interface Summary {
  readonly cells: readonly {
    readonly category: string;
    readonly seed: number;
    readonly report: Record<string, number>;
    readonly trainSeconds: number;
    readonly cost: { readonly macs: number; readonly parameters: number };
    readonly oracle: { readonly lengths: unknown[] } | null;
  }[];
  readonly mean: Record<string, { readonly mean: number; readonly std: number | null }>;
  readonly thresholdStudy: unknown[];
}

describe("assayd evaluate --data", () => {
  it("teaches and measures every category, prints tables, writes the page, and goes on where it was stopped", async () => {
    const data = await renderedSet();
    const stateDir = await taughtNothingState();
    const out = join(stateDir, "out");
    const report = join(stateDir, "report.html");
    const flags = ["--data", data, "-c", writeConfig(stateDir), "--size", "96", "--out", out, "--json"];
    const ended = await assayd(
      "evaluate",
      ...flags,
      "--seeds",
      "2",
      "--threshold-splits",
      "10",
      "--report",
      report,
    );
    expect([ended.code, /Error:/.exec(ended.stderr)]).toEqual([0, null]);
    expect(ended.stderr).toMatch(
      /image AUROC[^]*fabric[^]*gear[^]*mean[^]*false rejects[^]*good parts needed/,
    );

    const summary = lastLine(ended) as unknown as Summary;
    expect(summary.cells.map(({ category, seed }) => [category, seed])).toEqual([
      ["fabric", 1],
      ["fabric", 2],
      ["gear", 1],
      ["gear", 2],
    ]);
    for (const { report: figures, cost } of summary.cells) {
      expect(figures).toMatchObject({ good: 6, bad: 6 });
      expect(figures.pixelAuroc).toBeGreaterThan(0);
      expect(cost.macs).toBeGreaterThan(3e7); // the teacher at 96 px alone
    }
    expect(summary.mean.imageAuroc?.std).not.toBeNull();
    expect(summary.thresholdStudy).toHaveLength(4);

    const page = readFileSync(report, "utf8");
    expect(page.match(/<section>/g)).toHaveLength(2);
    expect(page.match(/src="data:image\/jpeg;base64,[\w+/=]{400,}"/g)?.length).toBe(2 * 24);

    rmSync(join(out, "bundles"), { recursive: true }); // nothing is trained again, so nothing of it is needed
    const again = lastLine(await assayd("evaluate", ...flags, "--seeds", "2")) as unknown as Summary;
    expect(again.cells).toEqual(summary.cells);
    expect(again.thresholdStudy).toEqual([]);
  });

  it("measures another method, one category, and what the test pictures would have chosen", async () => {
    const data = await renderedSet();
    const stateDir = await taughtNothingState();
    const flags = [
      "--data",
      data,
      "-c",
      writeConfig(stateDir),
      "--size",
      "96",
      "--categories",
      "gear",
      "--oracle",
    ];
    const bank = await assayd("evaluate", ...flags, "--method", "memory-bank", "--json");
    expect([bank.code, /Error:/.exec(bank.stderr)]).toEqual([0, null]);
    const [cell, ...others] = (lastLine(bank) as unknown as Summary).cells;
    expect(others).toEqual([]);
    expect(cell).toMatchObject({ category: "gear", oracle: { lengths: [{ share: 1 }] } });
    expect(bank.stderr).toMatch(/ORACLE/);
  });

  it("says what is wrong with the data set, the method or the form", async () => {
    const stateDir = await taughtNothingState();
    const empty = await assayd("evaluate", "--data", await emptyFolder(), "-c", writeConfig(stateDir));
    expect(empty.code).toBe(2);
    expect(empty.stderr).toMatch(/Looked for:[^]*KolektorSDD2[^]*MVTec form/);
    const few = await emptyFolder();
    for (const name of ["0.png", "1.png", "2.png"])
      copyFileSync(join(import.meta.dirname, "..", "..", "docs", "products.png"), join(few, name));
    const short = await assayd("evaluate", "--data", few, "-c", writeConfig(stateDir));
    expect(short.stderr).toMatch(/good parts to learn from: 1; .*are needed/);
    const both = await assayd("evaluate", stateDir, "--data", stateDir);
    expect(both.stderr).toMatch(/not both/);
    const unknown = await assayd("evaluate", "--data", stateDir, "--method", "magic");
    expect(unknown.stderr).toMatch(/no method magic; there are/);
    const odd = await assayd("evaluate", "--data", stateDir, "--size", "100");
    expect([odd.code, odd.stderr]).toEqual([2, expect.stringMatching(/--size is 100; .*multiple of 32/)]);
    const other = await assayd("evaluate", stateDir, "--method", "rd", "--report", "page.html");
    expect([other.code, other.stderr]).toEqual([
      2,
      expect.stringMatching(/--method, --report: only with "assayd evaluate --data DIR"/),
    ]);
    const nowhere = await assayd(
      "evaluate",
      "--data",
      stateDir,
      "--report",
      join(stateDir, "none", "page.html"),
    );
    expect([nowhere.code, nowhere.stderr]).toEqual([2, expect.stringMatching(/none is not a folder/)]);
  });
});
