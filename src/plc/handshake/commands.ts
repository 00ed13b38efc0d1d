import { COMMAND_ERRORS, COMMANDS } from "../register-map.ts";
import { resetFaults } from "./faults.ts";
import type { HandshakeInputs, HandshakeSettings, HandshakeState, Outcome, Turn } from "./handshake.ts";
import { selectRecipe } from "./recipes.ts";
import { acknowledge } from "./results.ts";
import { acceptsPart, trigger } from "./triggers.ts";

const ERROR_OF = {
  done: COMMAND_ERRORS.none,
  "unknown-recipe": COMMAND_ERRORS.unknownRecipe,
  failed: COMMAND_ERRORS.failed,
} as const satisfies Record<Outcome["result"], number>;

/** A command is given by a new number in the command register, and done or refused when its echo shows the same. */
export function obeyCommand(
  state: HandshakeState,
  inputs: HandshakeInputs,
  settings: HandshakeSettings,
): Turn {
  const code = inputs.plc.command;
  if (code === state.plc.command) return { state, actions: [] };
  switch (code) {
    case COMMANDS.None:
      return echo(state, code);
    case COMMANDS.SelectModeAutomatic:
    case COMMANDS.StartContinuous:
      return ask(state, "start");
    case COMMANDS.UnprepareRecipe:
    case COMMANDS.Halt:
    case COMMANDS.Stop:
    case COMMANDS.Abort:
      return ask(state, "stop");
    case COMMANDS.PrepareRecipe:
      return awaited(selectRecipe(state, inputs.plc.recipeNumber));
    case COMMANDS.StartSingleJob: {
      const accepted = acceptsPart(state, inputs.plc, inputs.line, settings);
      const begun = trigger(state, inputs.plc, accepted);
      const error = accepted ? COMMAND_ERRORS.none : COMMAND_ERRORS.notReady;
      return { ...begun, state: echo(begun.state, code, error).state };
    }
    case COMMANDS.DequeueResult:
      return echo(acknowledge(state), code);
    case COMMANDS.Reset:
    case COMMANDS.AcknowledgeError:
      return awaited(resetFaults(state));
    default:
      return echo(state, code, COMMAND_ERRORS.failed);
  }
}

function ask(state: HandshakeState, type: "start" | "stop"): Turn {
  const request = state.requests + 1;
  return awaited({ state: { ...state, requests: request }, actions: [{ type, request }] });
}

/** The echo comes with the outcome of the request just made. */
function awaited({ state, actions }: Turn): Turn {
  return { state: { ...state, command: { ...state.command, pending: state.requests } }, actions };
}

function echo(state: HandshakeState, code: number, error: number = COMMAND_ERRORS.none): Turn {
  return { state: { ...state, command: { pending: null, echo: code, error } }, actions: [] };
}

/** Echoes the command whose outcome has come. */
export function noteCommand(state: HandshakeState, outcomes: readonly Outcome[]): HandshakeState {
  const outcome = outcomes.find(({ request }) => request === state.command.pending);
  return outcome ? echo(state, state.plc.command, ERROR_OF[outcome.result]).state : state;
}
