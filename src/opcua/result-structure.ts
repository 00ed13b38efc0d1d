import { DataType } from "node-opcua-variant";
import type { PartResult } from "./protocol.ts";
import { resultState } from "./result-history.ts";

/** A field of ResultDataType that is a structure itself. */
interface StructureField {
  readonly name: string;
  readonly type: string;
  readonly fields: object;
}

interface PlainField {
  readonly dataType: DataType;
  readonly value: unknown;
  readonly arrayType?: "Array";
}

/**
 * A part as ResultDataType and ResultReadyEventType have it (OPC 40100-1 §12.12, §8.3.6): structures by type, plain fields
 * as variants. ResultContent: verdict, action, reason, score, threshold, and the whole result as JSON.
 */
export function resultFields(result: PartResult): {
  readonly structures: readonly StructureField[];
  readonly plain: Readonly<Record<string, PlainField>>;
} {
  const { recipe, triggeredAt, totalMs } = result;
  const optional = (name: string, type: string, id: string | null): StructureField[] =>
    id === null ? [] : [{ name, type, fields: { id } }];
  return {
    structures: [
      { name: "resultId", type: "ResultIdDataType", fields: { id: result.resultId } },
      ...optional("measId", "MeasIdDataType", result.measId),
      ...optional("partId", "PartIdDataType", result.partId),
      { name: "internalRecipeId", type: "RecipeIdInternalDataType", fields: versioned(recipe) },
      {
        name: "internalConfigurationId",
        type: "ConfigurationIdDataType",
        fields: { id: result.configHash },
      },
      { name: "jobId", type: "JobIdDataType", fields: { id: result.jobId } },
      {
        name: "processingTimes",
        type: "ProcessingTimesDataType",
        fields: {
          startTime: new Date(triggeredAt),
          endTime: new Date(triggeredAt + totalMs),
          acquisitionDuration: result.captureMs ?? undefined,
          processingDuration: result.inferMs ?? undefined,
        },
      },
    ],
    plain: {
      isPartial: { dataType: DataType.Boolean, value: false },
      isSimulated: { dataType: DataType.Boolean, value: result.simulated },
      resultState: { dataType: DataType.Int32, value: resultState(result) },
      creationTime: { dataType: DataType.DateTime, value: new Date(triggeredAt + totalMs) },
      resultContent: { dataType: DataType.Variant, arrayType: "Array", value: content(result) },
    },
  };
}

/** Id with version where there is one. */
export function versioned({ id, version }: { readonly id: string; readonly version: string | null }): object {
  return version === null ? { id } : { id, version };
}

function content(result: PartResult): object[] {
  const number = (value: number | null): object => ({ dataType: DataType.Double, value: value ?? NaN });
  const text = (value: string): object => ({ dataType: DataType.String, value });
  return [
    text(result.verdict),
    text(result.action),
    text(result.reason),
    number(result.score),
    number(result.threshold),
    text(result.json),
  ];
}
