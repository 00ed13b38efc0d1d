import type { UAObject } from "node-opcua-address-space";
import { StatusCodes } from "node-opcua-status-code";
import { DataType, type Variant, type VariantLike } from "node-opcua-variant";
import { bind, NO_ERROR, RefusedCall } from "./method-binding.ts";
import type { PartResult } from "./protocol.ts";
import type { ResultHistory } from "./result-history.ts";
import { resultFields } from "./result-structure.ts";
import { idOf, numberOf, type MachineVision } from "./vision-nodes.ts";

/** Nothing is kept for a client, so that there is nothing to release. */
const NO_HANDLE = { dataType: DataType.UInt32, value: 0 } as const;

const CONFIGURATION = "ConfigurationIdDataType";

/** The methods of ResultManagementType (OPC 40100-1 §7.10), over the newest results of one camera. */
export function bindResultManagement(vision: MachineVision, node: UAObject, history: ResultHistory): void {
  bind(vision.method(node, "GetResultById"), null, ([resultId]) => {
    const result = found(history, resultId);
    return [NO_HANDLE, vision.structure("ResultDataType", resultData(vision, result)), NO_ERROR];
  });

  bind(vision.method(node, "GetResultComponentsById"), null, ([resultId]) =>
    components(vision, found(history, resultId)),
  );

  bind(vision.method(node, "GetResultListFiltered"), null, (inputs) => {
    const [state, measId, partId, externalRecipe, recipe, externalConfiguration, configuration] = inputs;
    const [, , , , , , , productId, jobId, maxResults, startIndex] = inputs;
    const filter = {
      state: numberOf(state),
      measId: idOf(measId, "MeasIdDataType"),
      partId: idOf(partId, "PartIdDataType"),
      recipe: idOf(externalRecipe, "RecipeIdExternalDataType") ?? idOf(recipe, "RecipeIdInternalDataType"),
      configuration: idOf(externalConfiguration, CONFIGURATION) ?? idOf(configuration, CONFIGURATION),
      jobId: idOf(jobId, "JobIdDataType"),
    };
    if (idOf(productId, "ProductIdDataType") !== null) throw new TypeError("results are not kept by product");
    const { items, isComplete } = history.filtered(filter, numberOf(startIndex), numberOf(maxResults));
    return [
      { dataType: DataType.Boolean, value: isComplete },
      { dataType: DataType.UInt32, value: items.length },
      NO_HANDLE,
      vision.structures(
        "ResultDataType",
        items.map((result) => resultData(vision, result)),
      ),
      NO_ERROR,
    ];
  });
}

function found(history: ResultHistory, resultId: Variant | undefined): PartResult {
  const id = idOf(resultId, "ResultIdDataType");
  if (id === null) throw new TypeError("expected the Id of a result");
  const result = history.byId(id);
  if (result) return result;
  throw new RefusedCall(StatusCodes.BadNotFound, `There is no result ${id}, or it is too old.`);
}

/** Fields of ResultDataType as its constructor takes them. */
function resultData(vision: MachineVision, result: PartResult): object {
  const { structures, plain } = resultFields(result);
  return Object.fromEntries([
    ...structures.map(({ name, type, fields }) => [name, vision.structure(type, fields).value] as const),
    ...Object.entries(plain).map(([name, { value }]) => [name, value] as const),
  ]);
}

/** ResultDataType's fields one by one, in the order of the method's outputs; what a part has not is empty. */
function components(vision: MachineVision, result: PartResult): VariantLike[] {
  const { structures, plain } = resultFields(result);
  const structure = (name: string, type: string, empty: object = { id: "" }): VariantLike =>
    vision.structure(type, structures.find((field) => field.name === name)?.fields ?? empty);
  return [
    { dataType: DataType.Boolean, value: false },
    NO_HANDLE,
    plain.isPartial,
    plain.isSimulated,
    plain.resultState,
    structure("measId", "MeasIdDataType"),
    structure("partId", "PartIdDataType"),
    structure("externalRecipeId", "RecipeIdExternalDataType"),
    structure("internalRecipeId", "RecipeIdInternalDataType"),
    structure("productId", "ProductIdDataType"),
    structure("externalConfigurationId", "ConfigurationIdDataType"),
    structure("internalConfigurationId", "ConfigurationIdDataType"),
    structure("jobId", "JobIdDataType"),
    plain.creationTime,
    structure("processingTimes", "ProcessingTimesDataType"),
    plain.resultContent,
    NO_ERROR,
  ] as VariantLike[];
}
