/** Something that is wrong now. */
export interface StationFault {
  /** A camera's name, `mqtt` or `store`. */
  readonly source: string;
  readonly code: string;
  readonly text: string;
  /** ISO 8601. */
  readonly since: string;
}

type Changed = (ended: StationFault | null, begun: StationFault | null) => void;

/** Which fault each source has, and since when; tells when one begins, changes or ends. What waits for a reset is in LineStops. */
export class StationFaults {
  readonly #current = new Map<string, StationFault>();
  readonly #nowIso: () => string;
  readonly #onChange: Changed;

  constructor(nowIso: () => string, onChange: Changed) {
    this.#nowIso = nowIso;
    this.#onChange = onChange;
  }

  get all(): readonly StationFault[] {
    return [...this.#current.values()];
  }

  of(source: string): StationFault | null {
    return this.#current.get(source) ?? null;
  }

  /** What a source has now; null: it works. The same code again is no news (its words may differ). */
  note(source: string, fault: { readonly code: string; readonly text: string } | null): void {
    const known = this.of(source);
    if (known?.code === fault?.code) return;
    const begun = fault && { source, code: fault.code, text: fault.text, since: this.#nowIso() };
    if (begun) this.#current.set(source, begun);
    else this.#current.delete(source);
    this.#onChange(known, begun);
  }
}
