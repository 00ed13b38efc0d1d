import { RECIPE_ERRORS } from "../register-map.ts";
import { rises, type HandshakeInputs, type HandshakeState, type Outcome, type Turn } from "./handshake.ts";

const ERROR_OF = {
  done: RECIPE_ERRORS.none,
  "unknown-recipe": RECIPE_ERRORS.unknownNumber,
  failed: RECIPE_ERRORS.notLoaded,
} as const satisfies Record<Outcome["result"], number>;

/** The rising edge of RecipeStrobe. */
export function selectOnRequest(state: HandshakeState, inputs: HandshakeInputs): Turn {
  if (!rises(state, inputs.plc, "recipeStrobe")) return { state, actions: [] };
  return selectRecipe(state, inputs.plc.recipeNumber);
}

/** RecipeReady goes off until the recipe is in use; a newer wish makes the answer to an older one meaningless. */
export function selectRecipe(state: HandshakeState, number: number): Turn {
  const request = state.requests + 1;
  return {
    state: { ...state, requests: request, recipe: { pending: request, error: RECIPE_ERRORS.none } },
    actions: [{ type: "select-recipe", number, request }],
  };
}

/**
 * A recipe that could not be selected leaves the old one in use, but RecipeReady and Ready off until another is selected or
 * FaultReset says to go on with the old one: the PLC believes a product on the line that the station does not.
 */
export function noteRecipe(state: HandshakeState, outcomes: readonly Outcome[]): HandshakeState {
  const outcome = outcomes.find(({ request }) => request === state.recipe.pending);
  return outcome ? { ...state, recipe: { pending: null, error: ERROR_OF[outcome.result] } } : state;
}
