import { FAULT_CODES, RECIPE_ERRORS } from "../register-map.ts";
import {
  rises,
  type HandshakeInputs,
  type HandshakeSettings,
  type HandshakeState,
  type LineInputs,
  type Turn,
} from "./handshake.ts";

/** Notes when PlcHeartbeat changed, and whether the PLC has been silent for too long. */
export function watchHeartbeat(
  state: HandshakeState,
  inputs: HandshakeInputs,
  settings: HandshakeSettings,
): HandshakeState {
  const hasChanged = inputs.plc.control.plcHeartbeat !== state.plc.control.plcHeartbeat;
  const heartbeatAt = hasChanged ? inputs.now : state.heartbeatAt;
  const plcIsSilent =
    settings.heartbeat === "required" && inputs.now - heartbeatAt > settings.heartbeatTimeoutMs;
  return { ...state, heartbeatAt, plcIsSilent };
}

/**
 * Keeps a fault until FaultReset, also if its cause has ended: no fault clears itself once the line was ready. Those that the
 * station keeps itself end by a reset from anywhere.
 */
export function latchFault(state: HandshakeState, line: LineInputs): HandshakeState {
  const cause = faultCause(state, line);
  const kept =
    line.awaitsReset && state.latchedFault !== FAULT_CODES["plc-heartbeat"] ? 0 : state.latchedFault;
  return {
    ...state,
    wasReady: state.wasReady || (line.ready && cause === 0),
    latchedFault: state.wasReady && cause !== 0 ? cause : kept,
  };
}

/** The rising edge of FaultReset. */
export function resetOnRequest(state: HandshakeState, inputs: HandshakeInputs): Turn {
  if (!rises(state, inputs.plc, "faultReset")) return { state, actions: [] };
  return resetFaults(state);
}

/**
 * Forgets what was wrong; a cause that is still there is latched again. After an overrun the buffer is emptied, so that PLC and
 * station start at one count again.
 */
export function resetFaults(state: HandshakeState): Turn {
  const request = state.requests + 1;
  const dropped = state.bufferOverrun ? state.waiting.length : 0;
  return {
    state: {
      ...state,
      requests: request,
      latchedFault: 0,
      triggerMissed: false,
      bufferOverrun: false,
      waiting: state.bufferOverrun ? [] : state.waiting,
      lost: state.lost + dropped,
      recipe: { ...state.recipe, error: RECIPE_ERRORS.none },
    },
    actions: [{ type: "reset", request }],
  };
}

/** What is wrong now, whether or not it was reset; a fault that the station keeps itself is only waiting for the reset. */
function faultCause(state: HandshakeState, line: LineInputs): number {
  if (state.plcIsSilent) return FAULT_CODES["plc-heartbeat"];
  return line.awaitsReset ? 0 : line.fault;
}

/** Number of the fault that the PLC sees; 0: none. */
export function shownFault(state: HandshakeState, line: LineInputs): number {
  const cause = faultCause(state, line) || state.latchedFault;
  if (cause !== 0 || !line.awaitsReset) return cause;
  return line.fault || FAULT_CODES.other;
}
