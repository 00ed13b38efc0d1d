import {
  rises,
  type HandshakeInputs,
  type HandshakeSettings,
  type HandshakeState,
  type NumberedResult,
  type PartResult,
  type PlcImage,
} from "./handshake.ts";

/** Takes in what was judged: every result has the next number, whether or not the PLC will ever see it. */
export function takeResults(
  state: HandshakeState,
  inputs: HandshakeInputs,
  settings: HandshakeSettings,
): HandshakeState {
  const answered = { ...state, inFlight: Math.max(0, state.inFlight - inputs.answered) };
  const arrive = inputs.plc.control.bufferEnable
    ? (now: HandshakeState, result: NumberedResult) => buffer(now, result, settings.bufferDepth)
    : overwrite;
  return inputs.results.reduce((now, result) => arrive(...numbered(now, result)), answered);
}

function numbered(state: HandshakeState, result: PartResult): [HandshakeState, NumberedResult] {
  const number = (state.resultNo + 1) >>> 0;
  return [
    { ...state, resultNo: number },
    { ...result, number },
  ];
}

/**
 * Behind the others. A full buffer keeps what it has and drops the new result, as Cognex' Results Buffer Overrun does: the PLC
 * goes on reading in order, and sees by the number where results are missing.
 */
function buffer(state: HandshakeState, result: NumberedResult, depth: number): HandshakeState {
  const held = state.waiting.length + (state.shown === null ? 0 : 1);
  if (held >= depth) return { ...state, bufferOverrun: true, lost: state.lost + 1 };
  return { ...state, waiting: [...state.waiting, result] };
}

/** In place of all older ones: without a buffer the newest counts. */
function overwrite(state: HandshakeState, result: NumberedResult): HandshakeState {
  const overwritten = state.waiting.length + (state.shown === null ? 0 : 1);
  return { ...state, shown: null, waiting: [result], lost: state.lost + overwritten };
}

/** The rising edge of ResultsAck ends the result that is shown. An ack with nothing to acknowledge means nothing. */
export function acknowledgeOnRequest(state: HandshakeState, plc: PlcImage): HandshakeState {
  return rises(state, plc, "resultsAck") ? acknowledge(state) : state;
}

export function acknowledge(state: HandshakeState): HandshakeState {
  return { ...state, shown: null };
}

/** The next result, once the last one is acknowledged and the ack is taken back: an ack never meets a result unseen. */
export function showNext(state: HandshakeState, plc: PlcImage): HandshakeState {
  const [next, ...waiting] = state.waiting;
  if (next === undefined || state.shown !== null || plc.control.resultsAck) return state;
  return { ...state, shown: next, shownNo: next.number, waiting, toggle: !state.toggle };
}
