import type { Cell } from "../cell.ts";
import { escapeHtml } from "./escape.ts";

const BINS = 40;
const WIDTH = 460;
const HALF = 110;
const MARGIN = { left: 8, top: 14, bottom: 30 };

/** Counts of good and bad pictures in equal bins from `low` to `high`; the last also holds everything above. */
export interface Histogram {
  readonly low: number;
  readonly high: number;
  readonly good: readonly number[];
  readonly bad: readonly number[];
}

/**
 * The range ends at the 98th percentile, between one and a half and four times as far from the lowest score as the threshold:
 * far scores would squeeze the rest.
 */
export function histogramOf({ scores, report }: Pick<Cell, "scores" | "report">): Histogram {
  const sorted = scores.map(({ score }) => score).sort((a, b) => a - b);
  const low = Math.min(sorted[0] ?? 0, report.threshold);
  const reach = Math.max(report.threshold - low, 1e-6);
  const last = sorted[Math.floor(0.98 * sorted.length)] ?? low;
  const high = low + Math.min(4 * reach, Math.max(1.5 * reach, last - low));
  const count = (wanted: boolean): number[] => {
    const bins = new Array<number>(BINS).fill(0);
    for (const { score, isBad } of scores) {
      if (isBad !== wanted) continue;
      const bin = Math.min(BINS - 1, Math.floor(((score - low) / (high - low)) * BINS));
      bins[bin] = (bins[bin] ?? 0) + 1;
    }
    return bins;
  };
  return { low, high, good: count(false), bad: count(true) };
}

/** Scores of one cell's good pictures (up) and bad ones (down) with the deployed threshold, as inline SVG. */
export function scoreHistogram(cell: Cell): string {
  const histogram = histogramOf(cell);
  const { low, high, good, bad } = histogram;
  const middle = MARGIN.top + HALF;
  const height = MARGIN.top + 2 * HALF + MARGIN.bottom;
  const at = (score: number): number => MARGIN.left + ((score - low) / (high - low)) * WIDTH;
  const limit = at(cell.report.threshold).toFixed(1);
  const label = `Scores of ${cell.category}, seed ${cell.seed}`;
  return (
    `<svg viewBox="0 0 ${WIDTH + 2 * MARGIN.left} ${height}" role="img" aria-label="${escapeHtml(label)}">` +
    bars(good, (size) => middle - size, "good") +
    bars(bad, () => middle, "bad") +
    `<line class="axis" x1="${MARGIN.left}" y1="${middle}" x2="${MARGIN.left + WIDTH}" y2="${middle}"/>` +
    `<line class="threshold" x1="${limit}" y1="${MARGIN.top}" x2="${limit}" y2="${middle + HALF}"/>` +
    `<text x="${limit}" y="10" text-anchor="middle">threshold ${cell.report.threshold.toFixed(2)}</text>` +
    `<text x="${MARGIN.left}" y="${height - 4}">${low.toFixed(1)}</text>` +
    `<text x="${MARGIN.left + WIDTH / 2}" y="${height - 4}" text-anchor="middle">score (good above, bad below the line)</text>` +
    `<text x="${MARGIN.left + WIDTH}" y="${height - 4}" text-anchor="end">${high.toFixed(1)} and more</text></svg>`
  );
}

/** Heights by the square root of the share, so that single pictures show beside hundreds. */
function bars(counts: readonly number[], top: (size: number) => number, name: string): string {
  const highest = Math.max(1, ...counts);
  const step = WIDTH / BINS;
  return counts
    .map((count, bin) => {
      if (count === 0) return "";
      const size = Math.sqrt(count / highest) * HALF;
      const left = (MARGIN.left + bin * step + 0.5).toFixed(1);
      return (
        `<rect class="${name}" x="${left}" y="${top(size).toFixed(1)}" width="${(step - 1).toFixed(1)}" height="${size.toFixed(1)}">` +
        `<title>${count} ${name}</title></rect>`
      );
    })
    .join("");
}
