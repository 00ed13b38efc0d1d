import { basename } from "node:path";
import type { Cell, Example } from "../cell.ts";
import { columnNotes } from "../columns.ts";
import { choiceNotes, dataNotes, publishedNotes, type DataSetResult } from "../result.ts";
import type { Table } from "../table.ts";
import { escapeHtml } from "./escape.ts";
import { rocCurve } from "./roc-curve.ts";
import { scoreHistogram } from "./score-histogram.ts";
import { STYLE } from "./style.ts";

/**
 * One HTML page with everything in it: tables, and for each category ROC curves, scores, kinds of defect and the worst
 * pictures. It asks for nothing from elsewhere, and every name of a file or folder is escaped.
 */
export function evaluationPage(result: DataSetResult, tables: readonly Table[]): string {
  const title = `${result.method} on ${result.dataSet}`;
  const names = [...new Set(result.cells.map(({ category }) => category))];
  const sections = names.map((name) =>
    categorySection(result.cells.filter(({ category }) => category === name)),
  );
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:">
<title>${escapeHtml(title)}</title><style>${STYLE}</style></head><body>
<h1>${escapeHtml(title)}</h1>
<p>${escapeHtml(`Teacher ${result.teacher}, ${result.size} px input, seeds ${result.seeds.join(", ")}, ${result.layout}.`)}
Taught from good parts alone with a fixed number of steps, last weights; test pictures were looked at for these figures only.</p>
${tables.map(htmlTable).join("\n")}
${list("Data", dataNotes(result))}${list("What the columns mean", columnNotes())}${list("Deployed", choiceNotes(result))}${list("Published figures", publishedNotes(result))}
${sections.join("\n")}
</body></html>
`;
}

function list(title: string, lines: readonly string[]): string {
  const items = lines.map((line) => `<li>${escapeHtml(line)}</li>`).join("");
  return lines.length === 0 ? "" : `<h3>${title}</h3><ul>${items}</ul>`;
}

function htmlTable({ title, header, rows }: Table): string {
  const cells = (row: readonly string[], tag: "th" | "td"): string =>
    row.map((cell) => `<${tag}>${escapeHtml(cell)}</${tag}>`).join("");
  const body = rows.map((row) => `<tr class="${rowClass(row[0] ?? "")}">${cells(row, "td")}</tr>`).join("");
  return `<h3>${escapeHtml(title)}</h3><div class="wide"><table><thead><tr>${cells(header, "th")}</tr></thead><tbody>${body}</tbody></table></div>`;
}

function rowClass(name: string): string {
  if (name === "mean") return "mean";
  return name.startsWith("published: ") ? "published" : "own";
}

/** Curves of all seeds; scores and pictures of the first. */
function categorySection(cells: readonly Cell[]): string {
  const [first] = cells;
  if (!first) return "";
  const { category, report, seed, examples } = first;
  const of = (isBad: boolean): string =>
    examples
      .filter((example) => example.isBad === isBad)
      .map(exampleFigure)
      .join("");
  const [bad, good] = [of(true), of(false)];
  return `<section><h2>${escapeHtml(category)}</h2>
<p>${report.good} good and ${report.bad} bad test pictures; ${first.images} good parts taught. Scores and pictures: seed ${seed}.</p>
<div class="charts">${rocCurve(cells)}${scoreHistogram(first)}</div>
${defectTable(first)}
${bad === "" ? "" : `<h3>Bad parts with the lowest scores</h3><div class="examples">${bad}</div>`}
${good === "" ? "" : `<h3>Good parts with the highest scores</h3><div class="examples">${good}</div>`}
</section>`;
}

function defectTable({ report }: Cell): string {
  const rows = Object.entries(report.perDefect).map(([kind, { pictures, imageAuroc, caughtShare }]) => [
    kind,
    String(pictures),
    imageAuroc?.toFixed(3) ?? "–",
    `${(caughtShare * 100).toFixed(1)} %`,
  ]);
  if (rows.length === 0) return "";
  return htmlTable({ title: "kinds of defect", header: ["", "pictures", "image AUROC", "caught"], rows });
}

function exampleFigure({ file, kind, score, wrong, picture, overlay }: Example): string {
  const verdict = wrong === null ? "judged right" : `<span class="wrong">${wrong}</span>`;
  const name = escapeHtml(basename(file));
  const image = (data: string, alt: string): string =>
    `<img loading="lazy" alt="${alt}" src="data:image/jpeg;base64,${escapeHtml(data)}">`;
  return `<figure><div>${image(picture, name)}${image(overlay, `anomaly map of ${name}`)}</div>
<figcaption>${name} · ${escapeHtml(kind)} · score ${score.toFixed(2)} · ${verdict}</figcaption></figure>`;
}
