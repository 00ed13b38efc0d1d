import type { ISessionContext, UAObject } from "node-opcua-address-space";
import { DataType, type Variant } from "node-opcua-variant";
import type { RecipeIdentity } from "../domain/inspection.ts";
import { accepted, bind, NO_ERROR, type MayOperate } from "./method-binding.ts";
import type { CallAnswer } from "./protocol.ts";
import { pageOf } from "./result-history.ts";
import { versioned } from "./result-structure.ts";
import { idOf, numberOf, type MachineVision } from "./vision-nodes.ts";

export interface RecipeManagementOptions {
  readonly recipes: () => readonly RecipeIdentity[];
  readonly prepared: () => ReadonlySet<string>;
  readonly mayOperate: MayOperate;
  readonly ask: (
    method: "PrepareRecipe" | "UnprepareRecipe",
    recipe: string | null,
    context: ISessionContext,
  ) => Promise<CallAnswer>;
  readonly onPrepared: (recipe: string) => void;
}

/** TriStateBooleanDataType (OPC 40100-1 §12.21). */
const TRI_STATE = { no: 0, yes: 1 } as const;

/** The methods of RecipeManagementType (OPC 40100-1 §7.5). A recipe has the same id outside and inside. */
export function bindRecipeManagement(
  vision: MachineVision,
  node: UAObject,
  options: RecipeManagementOptions,
): void {
  const { mayOperate, recipes, prepared } = options;
  const identity = (
    recipe: { id: string; version: string | null } | null,
  ): ReturnType<typeof vision.structure> =>
    vision.structure("RecipeIdInternalDataType", recipe ? versioned(recipe) : { id: "" });

  bind(vision.method(node, "PrepareRecipe"), mayOperate, async (inputs, context) => {
    const { recipe } = accepted(await options.ask("PrepareRecipe", recipeOf(inputs), context));
    if (recipe) options.onPrepared(recipe.id);
    return [identity(recipe), { dataType: DataType.Boolean, value: true }, NO_ERROR];
  });

  bind(vision.method(node, "UnprepareRecipe"), mayOperate, async (inputs, context) => {
    const { recipe } = accepted(await options.ask("UnprepareRecipe", recipeOf(inputs), context));
    return [identity(recipe), NO_ERROR];
  });

  bind(vision.method(node, "GetRecipeListFiltered"), null, (inputs) => {
    const [externalId, productId, isPrepared, maxResults, startIndex] = inputs;
    const id = idOf(externalId, "RecipeIdExternalDataType");
    const product = idOf(productId, "ProductIdDataType");
    const wanted = numberOf(isPrepared);
    const fitting = recipes().filter(
      (recipe) =>
        product === null && // no recipe is linked to a product
        (id === null || recipe.id === id) &&
        (wanted !== TRI_STATE.yes || prepared().has(recipe.id)) &&
        (wanted !== TRI_STATE.no || !prepared().has(recipe.id)),
    );
    const { items, isComplete } = pageOf(fitting, numberOf(startIndex), numberOf(maxResults));
    return [
      { dataType: DataType.Boolean, value: isComplete },
      { dataType: DataType.UInt32, value: items.length },
      { dataType: DataType.UInt32, value: 0 }, // no handle: nothing is kept for the client
      vision.structures("RecipeIdInternalDataType", items.map(versioned)),
      NO_ERROR,
    ];
  });
}

/** Of ExternalId and InternalId the one that is given (§7.5.2.5: either may be empty). */
function recipeOf([externalId, internalId]: readonly Variant[]): string | null {
  return idOf(externalId, "RecipeIdExternalDataType") ?? idOf(internalId, "RecipeIdInternalDataType");
}
