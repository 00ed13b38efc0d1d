import type { OutputFault } from "../outputs/reject-output.ts";

/** Why an ejector cannot be trusted. */
export interface GateFault {
  readonly code:
    OutputFault["code"] | "output-late" | "reject-full" | "reject-missed" | "encoder-stale" | "encoder-jump";
  /** For people: value, expectation and remedy. */
  readonly text: string;
  /** ISO-8601 UTC. */
  readonly since: string;
  /** The cause is gone; it waits for a reset. */
  readonly gone: boolean;
}

type Cause = Pick<GateFault, "code" | "text">;

/**
 * The faults of one gate: each stays until a person resets it (interfaces.md §3.8, fail-safe rule 5). What merely was not
 * there yet when the station started goes by itself.
 */
export class GateFaults {
  readonly #now: () => string;
  readonly #onChange: () => void;
  #faults: readonly GateFault[] = [];
  /** What lasts, by its source. */
  readonly #lasting = new Map<string, Cause>();
  #wasWell = false;

  /** @param now ISO-8601 UTC */
  constructor(now: () => string, onChange: () => void) {
    this.#now = now;
    this.#onChange = onChange;
  }

  /** Oldest first. */
  get all(): readonly GateFault[] {
    return this.#faults;
  }

  /** Something that has happened and is over. */
  raise(code: GateFault["code"], text: string): void {
    if (!this.#has(code)) this.#change([...this.#faults, { code, text, since: this.#now(), gone: true }]);
  }

  /** Something that lasts until it is set to null. */
  set(source: string, cause: Cause | null): void {
    const before = this.#lasting.get(source);
    if (before?.text === cause?.text) return;
    if (cause === null) this.#lasting.delete(source);
    else this.#lasting.set(source, cause);
    const lasting = new Map([...this.#lasting.values()].map(({ code, text }) => [code, text]));
    const known = this.#faults
      .map((fault) => ({
        ...fault,
        text: lasting.get(fault.code) ?? fault.text,
        gone: !lasting.has(fault.code),
      }))
      .filter(({ code, gone }) => this.#wasWell || !gone || code !== before?.code);
    const isNew = cause !== null && !this.#has(cause.code);
    this.started();
    this.#change(isNew ? [...known, { ...cause, since: this.#now(), gone: false }] : known);
  }

  /** The start is over: if nothing is wrong now, whatever goes wrong from here on waits for a reset. */
  started(): void {
    if (this.#lasting.size === 0) this.#wasWell = true;
  }

  /** Forgets what is over. */
  reset(): void {
    if (this.#faults.some(({ gone }) => gone)) this.#change(this.#faults.filter(({ gone }) => !gone));
  }

  #has(code: GateFault["code"]): boolean {
    return this.#faults.some((fault) => fault.code === code);
  }

  #change(faults: readonly GateFault[]): void {
    this.#faults = faults;
    this.#onChange();
  }
}
