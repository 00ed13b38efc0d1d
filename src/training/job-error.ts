import { type AssaydError, InputError, TrainingError } from "../domain/errors.ts";
import type { JobStatus } from "./supervisor.ts";

/**
 * The error of a job that gave no model: what a person handed in, or what went wrong.
 * @param what the job was, e.g. "the training"   @param words appended to the message
 */
export function jobError(
  { state, error }: Pick<JobStatus, "state" | "error">,
  what: string,
  words = "",
): AssaydError {
  const code = error?.code ?? state;
  const message = (error?.message ?? `${what} was ${state}`) + words;
  return error?.isInput === true ? new InputError(code, message) : new TrainingError(code, message);
}
