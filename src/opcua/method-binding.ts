import type { ISessionContext, MethodResult, UAMethod } from "node-opcua-address-space";
import { StatusCodes, type StatusCode } from "node-opcua-status-code";
import { DataType, type Variant, type VariantLike } from "node-opcua-variant";
import { messageOf } from "../domain/errors.ts";
import type { CallAnswer, Refusal } from "./protocol.ts";

/** Who may call methods. */
export type MayOperate = (context: ISessionContext) => boolean;

/** A call that is not done, with its status code and words. */
export class RefusedCall extends Error {
  readonly status: StatusCode;

  constructor(status: StatusCode, message: string) {
    super(message);
    this.status = status;
  }
}

const STATUS: Readonly<Record<Refusal, StatusCode>> = {
  "invalid-state": StatusCodes.BadInvalidState,
  "invalid-argument": StatusCodes.BadInvalidArgument,
  "not-supported": StatusCodes.BadNotSupported,
  refused: StatusCodes.BadRequestNotAllowed,
  busy: StatusCodes.BadTooManyOperations,
  timeout: StatusCodes.BadTimeout,
};

/** All methods of OPC 40100-1 but ConfirmAll end with `Error`: 0, or the call fails as a whole (§8.3, Int32). */
export const NO_ERROR = { dataType: DataType.Int32, value: 0 } as const;

/**
 * Binds what a method does. A TypeError of `perform` is Bad_InvalidArgument, a RefusedCall its own status; the words go with it
 * as diagnostic text. @param mayCall null: everybody who may read
 */
export function bind(
  method: UAMethod,
  mayCall: MayOperate | null,
  perform: (inputs: readonly Variant[], context: ISessionContext) => Promise<VariantLike[]> | VariantLike[],
): void {
  method.bindMethod(async (inputs: Variant[], context: ISessionContext): Promise<MethodResult> => {
    if (mayCall !== null && !mayCall(context)) {
      return { statusCode: StatusCodes.BadUserAccessDenied, statusText: "This method needs a user." };
    }
    try {
      return { statusCode: StatusCodes.Good, outputArguments: await perform(inputs, context) };
    } catch (error) {
      return { statusCode: statusOf(error), statusText: messageOf(error) };
    }
  });
}

/** The answer of a call that was done. @throws RefusedCall */
export function accepted(answer: CallAnswer): CallAnswer & { ok: true } {
  if (answer.ok) return answer;
  throw new RefusedCall(STATUS[answer.why], answer.message);
}

function statusOf(error: unknown): StatusCode {
  if (error instanceof RefusedCall) return error.status;
  return error instanceof TypeError ? StatusCodes.BadInvalidArgument : StatusCodes.BadInternalError;
}
