import { MOST_PARTS_UNDER_WAY } from "../../domain/station-view.ts";
import { RECIPE_ERRORS } from "../register-map.ts";
import { shownFault } from "./faults.ts";
import {
  rises,
  type HandshakeInputs,
  type HandshakeSettings,
  type HandshakeState,
  type LineInputs,
  type PlcImage,
  type Turn,
} from "./handshake.ts";

/** Whether a part would be judged: line, faults and recipe are good, and not too many parts are under way. */
export function acceptsPart(
  state: HandshakeState,
  plc: PlcImage,
  line: LineInputs,
  settings: HandshakeSettings,
): boolean {
  const most = plc.control.bufferEnable ? Math.min(settings.bufferDepth, MOST_PARTS_UNDER_WAY) : 1;
  return line.ready && shownFault(state, line) === 0 && hasRecipe(state) && state.inFlight < most;
}

/** The Ready bit: the next Trigger edge will be accepted. */
export function isReady(
  state: HandshakeState,
  plc: PlcImage,
  line: LineInputs,
  settings: HandshakeSettings,
): boolean {
  const { triggerEnable, trigger } = plc.control;
  return triggerEnable && !trigger && acceptsPart(state, plc, line, settings);
}

/** Whether the recipe the PLC asked for last is in use. */
export function hasRecipe(state: HandshakeState): boolean {
  return state.recipe.pending === null && state.recipe.error === RECIPE_ERRORS.none;
}

/** The rising edge of Trigger. */
export function triggerOnRequest(
  state: HandshakeState,
  inputs: HandshakeInputs,
  settings: HandshakeSettings,
): Turn {
  if (!rises(state, inputs.plc, "trigger")) return { state, actions: [] };
  const isEnabled = inputs.plc.control.triggerEnable;
  return trigger(state, inputs.plc, isEnabled && acceptsPart(state, inputs.plc, inputs.line, settings));
}

/** Every trigger is a part on the line: one that was not accepted goes to the lane too, to be rejected and answered. */
export function trigger(state: HandshakeState, plc: PlcImage, accepted: boolean): Turn {
  return {
    state: {
      ...state,
      inFlight: state.inFlight + 1,
      triggerMissed: state.triggerMissed || !accepted,
    },
    actions: [{ type: "trigger", tag: plc.triggerTag, partId: plc.partId, missed: !accepted }],
  };
}
