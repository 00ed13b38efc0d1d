import type { Cell } from "../cell.ts";
import { rank, sweep } from "../ranking.ts";
import { escapeHtml } from "./escape.ts";

const SIDE = 240;
const MARGIN = { left: 34, top: 8, right: 8, bottom: 30 };

/** A point of a ROC curve, both 0..1. */
export interface RocPoint {
  readonly falseRejects: number;
  readonly caught: number;
}

/** Every threshold's point from (0, 0) to (1, 1); null unless there are good and bad pictures. */
export function rocPoints({ scores }: Pick<Cell, "scores">): RocPoint[] | null {
  const { positives, negatives } = rank([
    {
      scores: Float64Array.from(scores, ({ score }) => score),
      labels: Uint8Array.from(scores, ({ isBad }) => Number(isBad)),
    },
  ]);
  if (positives.total === 0 || negatives.total === 0) return null;
  const points: RocPoint[] = [{ falseRejects: 0, caught: 0 }];
  sweep(positives, negatives, (hits, alarms) => {
    points.push({ falseRejects: alarms / negatives.total, caught: hits / positives.total });
  });
  return points;
}

/** ROC curves of one category's cells with the deployed operating points, as inline SVG; empty text without any. */
export function rocCurve(cells: readonly Cell[]): string {
  const curves = cells.flatMap((cell) => {
    const points = rocPoints(cell);
    return points ? [curve(points) + deployedPoint(cell)] : [];
  });
  if (curves.length === 0) return "";
  const width = MARGIN.left + SIDE + MARGIN.right;
  const height = MARGIN.top + SIDE + MARGIN.bottom;
  const ticks = [0, 0.25, 0.5, 0.75, 1].map((tick) => grid(tick)).join("");
  const label = `ROC curves of ${cells[0]?.category ?? ""}`;
  return (
    `<svg viewBox="0 0 ${width} ${height}" role="img" aria-label="${escapeHtml(label)}">${ticks}` +
    `<line class="chance" x1="${x(0)}" y1="${y(0)}" x2="${x(1)}" y2="${y(1)}"/>${curves.join("")}` +
    `<text x="${x(0.5)}" y="${height - 2}" text-anchor="middle">good parts rejected</text>` +
    `<text transform="translate(9 ${y(0.5)}) rotate(-90)" text-anchor="middle">bad parts caught</text></svg>`
  );
}

function curve(points: readonly RocPoint[]): string {
  const path = points.map(({ falseRejects, caught }) => `${x(falseRejects)},${y(caught)}`).join(" ");
  return `<polyline class="roc" points="${path}"/>`;
}

function deployedPoint({ report, seed }: Cell): string {
  if (report.falseRejectRate === null || report.escapeRate === null) return "";
  const at = `cx="${x(report.falseRejectRate)}" cy="${y(1 - report.escapeRate)}"`;
  return `<circle class="deployed" ${at} r="4"><title>seed ${seed}: deployed threshold</title></circle>`;
}

function grid(tick: number): string {
  return (
    `<line class="grid" x1="${x(tick)}" y1="${y(0)}" x2="${x(tick)}" y2="${y(1)}"/>` +
    `<line class="grid" x1="${x(0)}" y1="${y(tick)}" x2="${x(1)}" y2="${y(tick)}"/>` +
    `<text x="${x(tick)}" y="${y(0) + 13}" text-anchor="middle">${tick}</text>` +
    `<text x="${x(0) - 4}" y="${y(tick) + 4}" text-anchor="end">${tick}</text>`
  );
}

function x(share: number): number {
  return Math.round((MARGIN.left + share * SIDE) * 10) / 10;
}

function y(share: number): number {
  return Math.round((MARGIN.top + (1 - share) * SIDE) * 10) / 10;
}
