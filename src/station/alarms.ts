import { InputError } from "../domain/errors.ts";

/** `info` alarms leave by themselves; the others stay until a person has seen them (ISA-18.2: return to normal, unacknowledged). */
export type AlarmSeverity = "info" | "warning" | "error";

/** `{camera}/alarm/{code}` as it stands. */
export interface Alarm {
  readonly active: boolean;
  readonly severity: AlarmSeverity;
  /** ISO-8601 UTC: when it last became active. */
  readonly since: string;
  readonly acked: boolean;
  /** For people: value, expectation and remedy. */
  readonly text: string;
}

export interface StationAlarmsOptions {
  readonly nowIso: () => string;
  /** What its topic holds now; null: nothing any more. @param source a camera's name, `store`, `mqtt` … */
  readonly onChange: (source: string, code: string, alarm: Alarm | null) => void;
}

/** The alarms of a station: raised and cleared by it, acknowledged by people. */
export class StationAlarms {
  readonly #options: StationAlarmsOptions;
  readonly #alarms = new Map<string, Map<string, Alarm>>();

  constructor(options: StationAlarmsOptions) {
    this.#options = options;
  }

  /** Those of a source, by code. */
  of(source: string): ReadonlyMap<string, Alarm> {
    return this.#alarms.get(source) ?? new Map();
  }

  /** It begins, or its words change. One that comes back is news: it has to be acknowledged again. */
  raise(source: string, code: string, severity: AlarmSeverity, text: string): void {
    const known = this.of(source).get(code);
    if (known?.active === true) {
      if (known.text !== text || known.severity !== severity)
        this.#set(source, code, { ...known, severity, text });
      return;
    }
    this.#set(source, code, { active: true, severity, since: this.#options.nowIso(), acked: false, text });
  }

  /** Its cause is gone. */
  clear(source: string, code: string): void {
    const known = this.of(source).get(code);
    if (known?.active !== true) return;
    if (known.acked || known.severity === "info") this.#set(source, code, null);
    else this.#set(source, code, { ...known, active: false });
  }

  /**
   * A person has seen it.
   * @param source null: of all   @param code null: every alarm of the source
   * @returns those that were not acknowledged before @throws InputError `no-alarm` if the one named is not there
   */
  acknowledge(
    source: string | null,
    code: string | null,
    by: string,
  ): readonly { readonly source: string; readonly code: string; readonly by: string }[] {
    const sources = source === null ? [...this.#alarms.keys()] : [source];
    const meant = sources.flatMap((name) =>
      [...this.of(name)]
        .filter(([known]) => code === null || known === code)
        .map((entry) => [name, ...entry] as const),
    );
    if (meant.length === 0 && code !== null) {
      const known = sources.flatMap((name) => [...this.of(name).keys()].map((key) => `${name} ${key}`));
      throw new InputError("no-alarm", `There is no alarm ${code}; present: ${known.join(", ") || "none"}.`);
    }
    const fresh = meant.filter(([, , { acked }]) => !acked);
    for (const [name, key, alarm] of fresh)
      this.#set(name, key, alarm.active ? { ...alarm, acked: true } : null);
    return fresh.map(([name, key]) => ({ source: name, code: key, by }));
  }

  #set(source: string, code: string, alarm: Alarm | null): void {
    const codes = this.#alarms.get(source) ?? new Map<string, Alarm>();
    if (alarm === null) codes.delete(code);
    else codes.set(code, alarm);
    this.#alarms.set(source, codes);
    this.#options.onChange(source, code, alarm);
  }
}

/** How bad a fault is: a camera that is just opening needs nobody, a product that is not taught yet is no accident. */
export function severityOf(code: string): AlarmSeverity {
  if (code === "change-over" || /-(opening|starting|stopped)$/.test(code)) return "info";
  return code === "no-model" || code === "quality-unchecked" ? "warning" : "error";
}
