import type { DatabaseSync, StatementSync } from "node:sqlite";

/** SQL that is prepared once, at its first use. */
export class Statements {
  readonly database: DatabaseSync;
  readonly #prepared = new Map<string, StatementSync>();

  constructor(database: DatabaseSync) {
    this.database = database;
  }

  of(sql: string): StatementSync {
    const known = this.#prepared.get(sql);
    if (known !== undefined) return known;
    const statement = this.database.prepare(sql);
    this.#prepared.set(sql, statement);
    return statement;
  }

  /** One number of one row, 0 if there is no row or it is NULL. */
  number(sql: string, ...values: (string | number | null)[]): number {
    return Number(Object.values(this.of(sql).get(...values) ?? {})[0] ?? 0);
  }
}
