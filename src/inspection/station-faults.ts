/** Something that is wrong now, or was and waits for a reset. */
export interface StationFault {
  /** A camera's name, `mqtt` or `store`. */
  readonly source: string;
  readonly code: string;
  readonly text: string;
  /** ISO 8601. */
  readonly since: string;
  /** Its cause is gone; only `reset` ends it. */
  readonly awaitsReset: boolean;
}

type Changed = (ended: StationFault | null, begun: StationFault | null) => void;

/**
 * Which fault each source has, and since when; tells when one begins, changes or ends. A fault that latches does not end
 * with its cause: somebody has to reset it (interfaces.md §3.8, rule 5).
 */
export class StationFaults {
  readonly #current = new Map<string, StationFault>();
  readonly #nowIso: () => string;
  readonly #onChange: Changed;
  readonly #latches: (code: string) => boolean;

  /** @param latches whether a fault of this code waits for a reset; none does if left out */
  constructor(nowIso: () => string, onChange: Changed, latches: (code: string) => boolean = () => false) {
    this.#nowIso = nowIso;
    this.#onChange = onChange;
    this.#latches = latches;
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
    if (known?.code === fault?.code) {
      if (known?.awaitsReset === true) this.#current.set(source, { ...known, awaitsReset: false }); // it is back
      return;
    }
    if (known !== null && this.#latches(known.code)) {
      this.#current.set(source, { ...known, awaitsReset: true });
      return;
    }
    this.#replace(source, known, fault);
  }

  /** Ends a fault whose cause is gone. @returns the fault that was reset, or null if none waits */
  reset(source: string): StationFault | null {
    const known = this.of(source);
    if (known?.awaitsReset !== true) return null;
    this.#replace(source, known, null);
    return known;
  }

  #replace(
    source: string,
    known: StationFault | null,
    fault: { readonly code: string; readonly text: string } | null,
  ): void {
    const begun = fault && {
      source,
      code: fault.code,
      text: fault.text,
      since: this.#nowIso(),
      awaitsReset: false,
    };
    if (begun) this.#current.set(source, begun);
    else this.#current.delete(source);
    this.#onChange(known, begun);
  }
}
