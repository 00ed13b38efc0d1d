import type { ControlBit } from "../register-map.ts";

/** The words of the handshake of one camera with its PLC (interfaces: Cognex In-Sight, Keyence IV). Plain data. */

/** What the PLC has written. */
export interface PlcImage {
  readonly control: Readonly<Record<ControlBit, boolean>>;
  readonly triggerTag: number;
  readonly recipeNumber: number;
  readonly bypassKey: number;
  /** Number of `COMMANDS`. */
  readonly command: number;
  /** null: none. */
  readonly partId: string | null;
}

/** One judged part as the PLC is told. */
export interface PartResult {
  readonly bit: "ok" | "ng" | "err";
  /** Numbers of VERDICT_CODES and REASON_CODES. */
  readonly verdict: number;
  readonly reason: number;
  /** 0: the PLC did not trigger it. */
  readonly tag: number;
  readonly score: number | null;
  readonly threshold: number | null;
  readonly totalTimeUs: number;
  readonly recipe: number;
}

export interface NumberedResult extends PartResult {
  /** uint32, 1 more than that of the result before. */
  readonly number: number;
}

/** What the handshake must know of the line. */
export interface LineInputs {
  readonly ready: boolean;
  /** Number of FAULT_CODES; 0: none. */
  readonly fault: number;
  /** The station itself keeps the fault until it is reset. */
  readonly awaitsReset: boolean;
}

/** How something that takes time has ended. */
export interface Outcome {
  readonly request: number;
  readonly result: "done" | "unknown-recipe" | "failed";
}

/** All that a step looks at: how things stand, and what is new. */
export interface HandshakeInputs {
  /** Monotonic ms. */
  readonly now: number;
  readonly plc: PlcImage;
  readonly line: LineInputs;
  readonly results: readonly PartResult[];
  /** How many of `results` answer triggers of this handshake. */
  readonly answered: number;
  readonly outcomes: readonly Outcome[];
}

export interface HandshakeSettings {
  /** Results kept for a PLC with BufferEnable, and parts it may have under way. */
  readonly bufferDepth: number;
  readonly heartbeat: "off" | "required";
  readonly heartbeatTimeoutMs: number;
  /** null: the PLC cannot switch inspection off. */
  readonly bypassKey: number | null;
}

export interface HandshakeState {
  /** What the PLC had written at the last step: edges are reckoned from it. */
  readonly plc: PlcImage;
  /** Triggers without a result yet. */
  readonly inFlight: number;
  /** Number of the newest result there was. */
  readonly resultNo: number;
  /** The result the PLC sees; null: ResultsValid is off. */
  readonly shown: NumberedResult | null;
  /** Number of the newest result that was shown. */
  readonly shownNo: number;
  readonly toggle: boolean;
  /** Oldest first. */
  readonly waiting: readonly NumberedResult[];
  /** Results since CountersReset that the PLC never acknowledged and never will. */
  readonly lost: number;
  readonly triggerMissed: boolean;
  readonly bufferOverrun: boolean;
  /** When PlcHeartbeat last changed, monotonic ms. */
  readonly heartbeatAt: number;
  readonly plcIsSilent: boolean;
  /** Number of the fault that waits for FaultReset; 0: none. */
  readonly latchedFault: number;
  /** The line was ready once: faults before are those of starting up, and end by themselves. */
  readonly wasReady: boolean;
  /** Newest number given to something that takes time. */
  readonly requests: number;
  /** `pending`: the request that selects a recipe now. */
  readonly recipe: { readonly pending: number | null; readonly error: number };
  readonly command: { readonly pending: number | null; readonly echo: number; readonly error: number };
  readonly bypass: boolean;
}

export type HandshakeAction =
  /** `missed`: the PLC was told not to; the part must be rejected unseen. */
  | {
      readonly type: "trigger";
      readonly tag: number;
      readonly partId: string | null;
      readonly missed: boolean;
    }
  | { readonly type: "select-recipe"; readonly number: number; readonly request: number }
  | { readonly type: "start" | "stop" | "reset"; readonly request: number }
  | { readonly type: "reset-counters" }
  | { readonly type: "bypass"; readonly on: boolean }
  | { readonly type: "bypass-refused" };

/** One concern of the handshake: what it makes of the state, and what the station must do. */
export interface Turn {
  readonly state: HandshakeState;
  readonly actions: readonly HandshakeAction[];
}

export const NOTHING_WRITTEN: PlcImage = {
  control: {
    triggerEnable: false,
    trigger: false,
    resultsAck: false,
    bufferEnable: false,
    faultReset: false,
    recipeStrobe: false,
    bypass: false,
    countersReset: false,
    plcHeartbeat: false,
  },
  triggerTag: 0,
  recipeNumber: 0,
  bypassKey: 0,
  command: 0,
  partId: null,
};

export const INITIAL_STATE: HandshakeState = {
  plc: NOTHING_WRITTEN,
  inFlight: 0,
  resultNo: 0,
  shown: null,
  shownNo: 0,
  toggle: false,
  waiting: [],
  lost: 0,
  triggerMissed: false,
  bufferOverrun: false,
  heartbeatAt: -Infinity,
  plcIsSilent: false,
  latchedFault: 0,
  wasReady: false,
  requests: 0,
  recipe: { pending: null, error: 0 },
  command: { pending: null, echo: 0, error: 0 },
  bypass: false,
};

/** Whether the PLC has set this bit since the last step. */
export function rises(state: HandshakeState, plc: PlcImage, bit: ControlBit): boolean {
  return plc.control[bit] && !state.plc.control[bit];
}
