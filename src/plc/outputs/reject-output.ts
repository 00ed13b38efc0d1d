/** Why an output does not do what it is told. */
export interface OutputFault {
  readonly code: "output-unreachable" | "output-refused" | "output-hung";
  /** For people: value, expectation and remedy. */
  readonly text: string;
}

/** One wire to the ejector. Calls return at once and never throw; nothing outside may stall the caller. */
export interface RejectOutput {
  /** Connects, and brings the output into the state that was last set. */
  start(): void;
  /** Wants the wire energised or not. The newest wish wins; one that was overtaken before it was carried out is left out. */
  set(energised: boolean): void;
  /** What the wire is known to be; null: not known. */
  readonly energised: boolean | null;
  /** Null if the output obeys. */
  readonly fault: OutputFault | null;
  /** Times that a waiting wish was overtaken by its opposite: movements that the ejector never made. */
  readonly overtaken: number;
  /** Carries out the last wish if that is possible at all (within 500 ms), then lets go. */
  stop(): Promise<void>;
}

export interface OutputEvents {
  /** `fault` has changed. */
  readonly onFault: (fault: OutputFault | null) => void;
}
