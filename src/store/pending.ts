import type { Commit, CountersReset, Ejection, Gap, OutboxMessage, OutboxRow } from "./protocol.ts";

const MAX_ROWS_PER_COMMIT = 2000;
const MIN_ROWS_PER_COMMIT = 50;

/**
 * What waits for the next group commit: a queue of rows with a bound, and what happened to older ones. At most one commit
 * is out at a time; it is settled by `done` or `failed`.
 */
export class Pending {
  readonly #maxRows: number;
  #rows: OutboxRow[] = [];
  #acknowledged = new Set<number>();
  #lost: Gap[] = [];
  #reported: Gap[] = [];
  #countersReset: CountersReset[] = [];
  #ejections: Ejection[] = [];
  #out: Commit | null = null;
  #rowsPerCommit = MAX_ROWS_PER_COMMIT;

  /** @param maxRows rows kept; the newest win, the others become gaps */
  constructor(maxRows: number) {
    this.#maxRows = maxRows;
  }

  /** Rows that are not on the disk, those of the commit that is out included. */
  get rows(): readonly OutboxRow[] {
    return this.#rows;
  }

  /** Rows of the commit that is out. */
  get rowsOut(): number {
    return this.#out?.rows.length ?? 0;
  }

  get out(): boolean {
    return this.#out !== null;
  }

  get idle(): boolean {
    const marks = [this.#lost, this.#reported, this.#countersReset, this.#ejections];
    const nothing = this.#rows.length === 0 && this.#acknowledged.size === 0;
    return this.#out === null && nothing && marks.every(({ length }) => length === 0);
  }

  /** Gaps whose report is not on the disk yet. */
  get reported(): readonly Gap[] {
    return [...(this.#out?.reported ?? []), ...this.#reported];
  }

  /** What is to be published of the rows after `afterId`, in order; what the broker has is left out. */
  messagesAfter(afterId: number, limit: number): OutboxMessage[] {
    const rows = this.#rows.filter(({ id }) => id > afterId && !this.#acknowledged.has(id)).slice(0, limit);
    return rows.map(({ id, topic, payload, qos, expiryS, at, inspection }) => {
      const { camera = null, seq = null } = inspection ?? {};
      return { id, topic, payload, qos, expiryS, at, camera, seq };
    });
  }

  add(row: OutboxRow): void {
    this.#rows.push(row);
    this.#bound();
  }

  acknowledge(ids: readonly number[]): void {
    for (const id of ids) this.#acknowledged.add(id);
  }

  gapReported(gap: Gap): void {
    this.#reported.push(gap);
  }

  resetCounters(reset: CountersReset): void {
    this.#countersReset.push(reset);
  }

  /** The oldest give way above the bound: the part itself stays on record. */
  ejected(ejection: Ejection): void {
    this.#ejections.push(ejection);
    if (this.#ejections.length > this.#maxRows) this.#ejections.shift();
  }

  /** The next commit; null if there is nothing, or one is out. */
  take(): Commit | null {
    if (this.out || this.idle) return null;
    const rows = this.#rows.slice(0, this.#rowsPerCommit);
    const lastId = rows.length === this.#rows.length ? Infinity : (rows.at(-1)?.id ?? 0);
    const [due, later] = [
      this.#countersReset.filter(({ afterId }) => afterId <= lastId),
      this.#countersReset.filter(({ afterId }) => afterId > lastId),
    ];
    // a row that the broker got from memory leaves the outbox after it has come there: never in an earlier commit
    const acknowledged = [...this.#acknowledged].filter((id) => id <= lastId);
    const commit = {
      rows,
      acknowledged,
      lost: this.#lost,
      reported: this.#reported,
      countersReset: due,
      ejections: this.#ejections,
    };
    this.#out = commit;
    for (const id of acknowledged) this.#acknowledged.delete(id);
    [this.#lost, this.#reported] = [[], []];
    [this.#countersReset, this.#ejections] = [later, []];
    return commit;
  }

  /** The commit that is out is on the disk. */
  done(): void {
    this.#rows = this.#rows.slice(this.rowsOut);
    this.#out = null;
    this.#rowsPerCommit = Math.min(2 * this.#rowsPerCommit, MAX_ROWS_PER_COMMIT);
  }

  /** The commit that is out is not on the disk: all of it waits again, for smaller ones that a nearly full disk may take. */
  failed(): void {
    const out = this.#out;
    this.#out = null;
    if (out === null) return;
    this.#rowsPerCommit = Math.max(Math.floor(this.#rowsPerCommit / 2), MIN_ROWS_PER_COMMIT);
    this.#acknowledged = new Set([...out.acknowledged, ...this.#acknowledged]);
    this.#lost = [...out.lost, ...this.#lost];
    this.#reported = [...out.reported, ...this.#reported];
    this.#countersReset = [...out.countersReset, ...this.#countersReset];
    this.#ejections = [...out.ejections, ...this.#ejections].slice(-this.#maxRows);
    this.#bound();
  }

  /** Drops the oldest rows above the bound, but not those that are being written. */
  #bound(): void {
    const excess = this.#rows.length - Math.max(this.#maxRows, this.rowsOut);
    if (excess <= 0) return;
    for (const { id, inspection } of this.#rows.splice(this.rowsOut, excess)) {
      if (this.#acknowledged.delete(id)) continue; // the broker has it, and it never was on the disk
      const at = inspection?.seq ?? id;
      const gap: Gap = {
        camera: inspection?.camera ?? "",
        reason: "memory-full",
        from: at,
        to: at,
        count: 1,
      };
      this.#lost = addGap(this.#lost, gap);
    }
  }
}

function addGap(gaps: readonly Gap[], gap: Gap): Gap[] {
  const same = gaps.find((known) => known.camera === gap.camera && known.reason === gap.reason);
  if (same === undefined) return [...gaps, gap];
  const [from, to] = [Math.min(same.from, gap.from), Math.max(same.to, gap.to)];
  const merged = { ...gap, from, to, count: same.count + gap.count };
  return gaps.map((known) => (known === same ? merged : known));
}
