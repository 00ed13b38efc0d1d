import { describe, expect, it } from "vitest";
import { evaluationPage } from "../../../src/evaluation/page/page.ts";
import { rocPoints } from "../../../src/evaluation/page/roc-curve.ts";
import { histogramOf } from "../../../src/evaluation/page/score-histogram.ts";
import { accuracyTable, costTable } from "../../../src/evaluation/result.ts";
import { sampleCell, sampleResult } from "../sample-result.ts";

const NASTY = `<img src=x onerror="alert('1')">&`;

const example = {
  file: `/set/${NASTY.replaceAll("/", "")}.png`,
  isBad: true,
  kind: NASTY,
  score: 1,
  wrong: "miss",
  picture: "QUJD",
  overlay: "REVG",
} as const;

function page(): string {
  const cells = [sampleCell(NASTY, 1, { examples: [example] }), sampleCell(NASTY, 2)];
  const result = sampleResult(cells, { dataSet: NASTY, layout: NASTY });
  return evaluationPage(result, [accuracyTable(result), costTable(result)]);
}

describe("evaluationPage", () => {
  it("escapes every name of the data set", () => {
    const html = page();
    expect(html).not.toContain("<img src=x");
    expect(html).not.toContain(`"alert`);
    expect(html).toContain("&lt;img src=x onerror=&quot;alert(&#39;1&#39;)&quot;&gt;&amp;");
    expect(html).toContain("dent &amp; &lt;b&gt;");
  });

  it("asks for nothing from elsewhere and runs nothing", () => {
    const html = page();
    const outside = [...html.matchAll(/(?:src|href|xlink:href|url)\s*[=(]\s*["']?([^"')\s>]+)/g)].map(
      ([, to]) => to,
    );
    expect(outside.filter((to) => !to?.startsWith("data:image/jpeg;base64,") && to !== "x")).toEqual([]);
    expect(html).not.toMatch(/<script|@import|https?:/);
    expect(html).toContain("default-src 'none'");
  });

  it("has curves, scores, kinds of defect and the worst pictures of each category", () => {
    const html = page();
    expect(html.match(/<polyline class="roc"/g)).toHaveLength(2); // one a seed
    expect(html.match(/class="threshold"/g)).toHaveLength(1);
    expect(html).toContain("data:image/jpeg;base64,QUJD");
    expect(html).toContain("Bad parts with the lowest scores");
    expect(html).not.toContain("Good parts with the highest scores"); // there is none in this result
    expect(html).toMatch(/score 1\.00 · <span class="wrong">miss<\/span>/);
  });

  it("says what every column of its tables means", () => {
    const html = page();
    const titles = [...html.matchAll(/<th>([^<]+)<\/th>/g)].map(([, title]) => title);
    const own = ["pictures", "image AUROC", "caught"]; // of the kinds of defect
    for (const title of titles.filter((one) => !own.includes(one ?? "")))
      expect(html).toContain(`<li>${title}: `);
    expect(titles).toContain("AUPRO .3");
  });

  it("has balanced elements", () => {
    const html = page();
    for (const tag of ["section", "table", "svg", "figure", "div", "ul", "h3"])
      expect([tag, html.match(new RegExp(`<${tag}[ >]`, "g"))?.length ?? 0]).toEqual([
        tag,
        html.match(new RegExp(`</${tag}>`, "g"))?.length ?? 0,
      ]);
  });
});

describe("rocPoints", () => {
  it("goes from nothing rejected to everything rejected", () => {
    const points = rocPoints(sampleCell("cup", 1)) ?? [];
    expect(points[0]).toEqual({ falseRejects: 0, caught: 0 });
    expect(points.at(-1)).toEqual({ falseRejects: 1, caught: 1 });
    expect(points).toContainEqual({ falseRejects: 0.25, caught: 0.5 }); // the threshold 2
    expect(rocPoints({ scores: [] })).toBeNull();
  });
});

describe("histogramOf", () => {
  it("counts every picture once, far ones in the last bin", () => {
    const { good, bad, low, high } = histogramOf(sampleCell("cup", 1));
    const sum = (bins: readonly number[]) => bins.reduce((a, b) => a + b, 0);
    expect([sum(good), sum(bad)]).toEqual([4, 4]);
    expect([low, high]).toEqual([0, 8]); // not 40
    expect(bad.at(-1)).toBe(1);
  });
});
