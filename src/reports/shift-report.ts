import type { Reason, Verdict } from "../domain/inspection.ts";
import type { EventRow, PartRow, TimeRange } from "../store/history-reader.ts";
import { LatencyHistogram } from "./latency-histogram.ts";

/** What happened on one camera, or (camera null) on all of them. */
export interface ShiftFigures {
  readonly camera: string | null;
  readonly parts: number;
  readonly verdicts: Readonly<Record<Verdict, number>>;
  /** OK parts of those that were judged, 0..1; null if none was. */
  readonly yield: number | null;
  /** ERR parts by reason. */
  readonly errors: Readonly<Partial<Record<Reason, number>>>;
  /** Of ERR: no verdict by the deadline. */
  readonly late: number;
  /** Of ERR: the trigger came while the line was not ready. */
  readonly missed: number;
  /** Parts whose output did not switch. */
  readonly ejectionsFailed: number;
  /** Trigger to verdict, ms. */
  readonly latency: {
    readonly p50Ms: number | null;
    readonly p95Ms: number | null;
    readonly p99Ms: number | null;
    readonly maxMs: number | null;
  };
  /** Parts by recipe. */
  readonly recipes: Readonly<Record<string, number>>;
  /** Parts by model. */
  readonly models: Readonly<Record<string, number>>;
  readonly cameraFaults: Outages;
  readonly stoppages: Outages;
}

/** Spans in which something was not as it should be. */
export interface Outages {
  readonly count: number;
  /** Within the time of the report. */
  readonly totalMs: number;
  /** How often each of them began, by code. */
  readonly codes: Readonly<Record<string, number>>;
}

/** Something that people want to see in its place in time. */
export interface ShiftNote {
  /** Epoch ms. */
  readonly at: number;
  readonly camera: string | null;
  readonly kind: string;
  readonly by: string | null;
}

export interface ShiftReport extends TimeRange {
  readonly total: ShiftFigures;
  readonly cameras: readonly ShiftFigures[];
  /** Starts and stops of the daemon, changes of model, recipe, threshold, bypass and configuration, steps of the clock; the newest if there are very many. */
  readonly changes: readonly ShiftNote[];
}

const CHANGES = /^(station\.|model\.|recipe\.|threshold\.|bypass|clock|config\.set|store\.set-aside)/;
const MAX_CHANGES = 200;
/** Events from so long before the time of a report tell what was wrong when it began. */
export const LOOK_BACK_MS = 7 * 86_400_000;

/** One pass over parts and events, in constant memory. @param events also those of the `LOOK_BACK_MS` before @param now epoch ms: what goes on now ends there */
export function shiftReport(
  range: TimeRange,
  parts: Iterable<PartRow>,
  events: Iterable<EventRow>,
  now: number,
): ShiftReport {
  const total = new Tally(null);
  const cameras = new Map<string, Tally>();
  const of = (camera: string): Tally => {
    const known = cameras.get(camera) ?? new Tally(camera);
    cameras.set(camera, known);
    return known;
  };
  for (const row of parts) {
    total.addPart(row);
    of(row.camera).addPart(row);
  }
  const changes: ShiftNote[] = [];
  let isBegun = false;
  for (const event of events) {
    if (!isBegun && event.at >= range.from) {
      for (const tally of cameras.values()) tally.beginAt(range.from);
      isBegun = true;
    }
    if (event.camera !== null) of(event.camera).addEvent(event);
    else for (const tally of cameras.values()) tally.addEvent(event);
    if (!isBegun) continue;
    if (CHANGES.test(kindOf(event))) changes.push(noteOf(event));
    if (changes.length > MAX_CHANGES) changes.shift();
  }
  if (!isBegun) for (const tally of cameras.values()) tally.beginAt(range.from);
  const end = Math.min(range.to, now);
  const each = [...cameras.values()]
    .map((tally) => tally.figures(end))
    .toSorted((a, b) => (a.camera ?? "").localeCompare(b.camera ?? ""));
  const whole = {
    ...total.figures(end),
    cameraFaults: sumOutages(each.map(({ cameraFaults }) => cameraFaults)),
    stoppages: sumOutages(each.map(({ stoppages }) => stoppages)),
  };
  return { ...range, total: whole, cameras: each, changes };
}

class Tally {
  readonly #camera: string | null;
  readonly #verdicts = { OK: 0, NG: 0, WARN: 0, ERR: 0 };
  readonly #errors: Partial<Record<Reason, number>> = {};
  readonly #latency = new LatencyHistogram();
  readonly #recipes: Record<string, number> = {};
  readonly #models: Record<string, number> = {};
  readonly #faults = new OutageTally();
  readonly #stoppages = new OutageTally();
  #ejectionsFailed = 0;

  constructor(camera: string | null) {
    this.#camera = camera;
  }

  addPart({ verdict, reason, recipe, bundle, total_ms: totalMs, ejection }: PartRow): void {
    this.#verdicts[verdict] += 1;
    if (verdict === "ERR") this.#errors[reason] = (this.#errors[reason] ?? 0) + 1;
    this.#latency.add(totalMs);
    this.#recipes[recipe] = (this.#recipes[recipe] ?? 0) + 1;
    if (bundle !== null) this.#models[bundle] = (this.#models[bundle] ?? 0) + 1;
    if (ejection === "failed") this.#ejectionsFailed += 1;
  }

  addEvent({ at, kind, data }: EventRow): void {
    const text = (name: string): string => (typeof data[name] === "string" ? data[name] : kind);
    if (kind === "camera.state" && data.state === "playing") this.#faults.end(at);
    else if (kind === "camera.state" && data.state !== "opening") this.#faults.begin(at, text("code"));
    else if (kind === "line.halted" || kind === "line.stopped") this.#stoppages.begin(at, text("code"));
    else if (kind === "line.started" || kind === "line.reset") this.#stoppages.end(at);
    else if (kind === "station.started" || kind === "station.stopped") {
      this.#stoppages.end(at); // a line runs when the daemon starts, and a camera tells anew how it is
      this.#faults.end(at);
    }
  }

  /** The report's time begins: what is wrong now counts from here, what was before does not. */
  beginAt(at: number): void {
    this.#faults.beginAt(at);
    this.#stoppages.beginAt(at);
  }

  /** @param end epoch ms, of what goes on still */
  figures(end: number): ShiftFigures {
    const { OK, NG, WARN, ERR } = this.#verdicts;
    const judged = OK + NG + WARN;
    const { late = 0, not_ready: missed = 0 } = this.#errors;
    const [p50Ms, p95Ms, p99Ms] = [0.5, 0.95, 0.99].map((share) => this.#latency.quantile(share));
    return {
      camera: this.#camera,
      parts: judged + ERR,
      verdicts: this.#verdicts,
      yield: judged === 0 ? null : OK / judged,
      errors: this.#errors,
      late,
      missed,
      ejectionsFailed: this.#ejectionsFailed,
      latency: {
        p50Ms: p50Ms ?? null,
        p95Ms: p95Ms ?? null,
        p99Ms: p99Ms ?? null,
        maxMs: this.#latency.maxMs,
      },
      recipes: this.#recipes,
      models: this.#models,
      cameraFaults: this.#faults.figures(end),
      stoppages: this.#stoppages.figures(end),
    };
  }
}

class OutageTally {
  #codes: Record<string, number> = {};
  #count = 0;
  #totalMs = 0;
  #open: { readonly at: number; readonly code: string } | null = null;

  begin(at: number, code: string): void {
    if (this.#open !== null) return; // the same outage has another face
    this.#open = { at, code };
    this.#count += 1;
    this.#codes[code] = (this.#codes[code] ?? 0) + 1;
  }

  end(at: number): void {
    if (this.#open !== null) this.#totalMs += Math.max(0, at - this.#open.at);
    this.#open = null;
  }

  beginAt(at: number): void {
    const open = this.#open;
    [this.#codes, this.#count, this.#totalMs, this.#open] = [{}, 0, 0, null];
    if (open !== null) this.begin(at, open.code);
  }

  figures(end: number): Outages {
    const open = this.#open === null ? 0 : Math.max(0, end - this.#open.at);
    return { count: this.#count, totalMs: this.#totalMs + open, codes: this.#codes };
  }
}

function sumOutages(outages: readonly Outages[]): Outages {
  const codes: Record<string, number> = {};
  for (const each of outages)
    for (const [code, count] of Object.entries(each.codes)) codes[code] = (codes[code] ?? 0) + count;
  return {
    count: outages.reduce((sum, { count }) => sum + count, 0),
    totalMs: outages.reduce((sum, { totalMs }) => sum + totalMs, 0),
    codes,
  };
}

function noteOf(event: EventRow): ShiftNote {
  const { at, camera, data } = event;
  return { at, camera, kind: kindOf(event), by: typeof data.by === "string" ? data.by : null };
}

/** Other changes have an event of their own beside the command's. */
function kindOf({ kind, data }: EventRow): string {
  return kind === "command.done" && data.command === "config.set" ? "config.set" : kind;
}
