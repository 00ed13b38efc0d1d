import { noteCommand, obeyCommand } from "./commands.ts";
import { latchFault, resetOnRequest, watchHeartbeat } from "./faults.ts";
import {
  rises,
  type HandshakeInputs,
  type HandshakeSettings,
  type HandshakeState,
  type Turn,
} from "./handshake.ts";
import { noteRecipe, selectOnRequest } from "./recipes.ts";
import { acknowledgeOnRequest, showNext, takeResults } from "./results.ts";
import { triggerOnRequest } from "./triggers.ts";

/**
 * One step of the handshake, taken whenever something is new: a write of the PLC, a result, a change of the line, time. Bits
 * act by their rising edge against the step before; a pulse cannot be lost, since each write is a step of its own.
 */
export function step(state: HandshakeState, inputs: HandshakeInputs, settings: HandshakeSettings): Turn {
  const { plc, line, outcomes } = inputs;
  const concerns: readonly ((now: HandshakeState) => HandshakeState | Turn)[] = [
    (now) => watchHeartbeat(now, inputs, settings),
    (now) => noteRecipe(now, outcomes),
    (now) => noteCommand(now, outcomes),
    (now) => resetOnRequest(now, inputs),
    (now) => latchFault(now, line),
    (now) => resetCounters(now, inputs),
    (now) => acknowledgeOnRequest(now, plc),
    (now) => takeResults(now, inputs, settings),
    (now) => selectOnRequest(now, inputs),
    (now) => switchBypass(now, inputs, settings),
    (now) => obeyCommand(now, inputs, settings),
    (now) => triggerOnRequest(now, inputs, settings),
    (now) => showNext(now, plc),
    (now) => ({ ...now, plc }),
  ];
  return concerns.reduce<Turn>(
    (turn, concern) => {
      const next = concern(turn.state);
      if (!("actions" in next)) return { state: next, actions: turn.actions };
      return { state: next.state, actions: [...turn.actions, ...next.actions] };
    },
    { state, actions: [] },
  );
}

function resetCounters(state: HandshakeState, { plc }: HandshakeInputs): Turn {
  if (!rises(state, plc, "countersReset")) return { state, actions: [] };
  return { state: { ...state, lost: 0 }, actions: [{ type: "reset-counters" }] };
}

/** Bypass holds as long as its bit, its key and the PLC's heartbeat do. */
function switchBypass(state: HandshakeState, { plc }: HandshakeInputs, settings: HandshakeSettings): Turn {
  const hasKey = settings.bypassKey !== null && plc.bypassKey === settings.bypassKey;
  const bypass = plc.control.bypass && hasKey && !state.plcIsSilent;
  if (rises(state, plc, "bypass") && !hasKey) return { state, actions: [{ type: "bypass-refused" }] };
  if (bypass === state.bypass) return { state, actions: [] };
  return { state: { ...state, bypass }, actions: [{ type: "bypass", on: bypass }] };
}
