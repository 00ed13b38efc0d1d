import {
  INITIAL_STATE,
  NOTHING_WRITTEN,
  type HandshakeAction,
  type HandshakeInputs,
  type HandshakeSettings,
  type HandshakeState,
  type PartResult,
  type PlcImage,
} from "../../../src/plc/handshake/handshake.ts";
import { step } from "../../../src/plc/handshake/step.ts";
import type { ControlBit } from "../../../src/plc/register-map.ts";

const SETTINGS: HandshakeSettings = {
  bufferDepth: 10,
  heartbeat: "off",
  heartbeatTimeoutMs: 1000,
  bypassKey: 4711,
};

export const GOOD_LINE = { ready: true, fault: 0, awaitsReset: false };

export function result(tag: number, bit: PartResult["bit"] = "ok"): PartResult {
  return { bit, verdict: 1, reason: 1, tag, score: 1, threshold: 2, totalTimeUs: 30_000, recipe: 1 };
}

type Writes = Partial<Omit<PlcImage, "control">> & {
  readonly control?: Partial<Record<ControlBit, boolean>>;
};

/** The handshake under a hand: each call is one step, and keeps what was written before. */
export class Machine {
  state: HandshakeState = INITIAL_STATE;
  line: HandshakeInputs["line"] = GOOD_LINE;
  plc: PlcImage = NOTHING_WRITTEN;
  now = 0;
  readonly actions: HandshakeAction[] = [];
  readonly settings: HandshakeSettings;

  constructor(settings: Partial<HandshakeSettings> = {}) {
    this.settings = { ...SETTINGS, ...settings };
  }

  step(news: Partial<HandshakeInputs> = {}): readonly HandshakeAction[] {
    const inputs = {
      now: this.now,
      plc: this.plc,
      line: this.line,
      results: [],
      answered: 0,
      outcomes: [],
      ...news,
    };
    const { state, actions } = step(this.state, inputs, this.settings);
    this.state = state;
    this.actions.push(...actions);
    return actions;
  }

  write({ control = {}, ...values }: Writes): readonly HandshakeAction[] {
    this.plc = { ...this.plc, ...values, control: { ...this.plc.control, ...control } };
    return this.step();
  }

  pulse(bit: ControlBit): readonly HandshakeAction[] {
    const actions = this.write({ control: { [bit]: true } });
    this.write({ control: { [bit]: false } });
    return actions;
  }

  judge(part: PartResult): void {
    this.step({ results: [part], answered: part.tag === 0 ? 0 : 1 });
  }
}
