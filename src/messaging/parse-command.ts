import type { z } from "zod";
import { InputError, messageOf } from "../domain/errors.ts";
import { COMMAND_NAMES, commandSchemas, transactionSchema } from "./schemas/command.ts";
import type { CommandName, CommandParams, Transaction } from "./schemas/command.ts";

const MAX_BYTES = 64 * 1024; // promises.md S2

/** A command's payload, split; nothing of it is trusted yet but the transaction. */
export interface Envelope {
  readonly transaction: Transaction | null;
  readonly fields: Readonly<Record<string, unknown>>;
}

/**
 * Reads the JSON object of a command (an empty payload is an empty object).
 * @throws InputError `too-large`, `bad-json`, `bad-parameters`
 */
export function readEnvelope(payload: Buffer): Envelope {
  if (payload.length > MAX_BYTES) {
    throw new InputError(
      "too-large",
      `The command has ${payload.length} bytes; at most ${MAX_BYTES} are taken.`,
    );
  }
  if (payload.length === 0) {
    // what also arrives when somebody clears a retained command: it must not be done
    throw new InputError(
      "empty",
      "The command has no payload, so it was not done; send {} where there is nothing to say.",
    );
  }
  const { transaction, ...fields } = jsonObject(payload);
  if (transaction === undefined || transaction === null) return { transaction: null, fields };
  const known = transactionSchema.safeParse(transaction);
  if (!known.success) {
    throw new InputError(
      "bad-parameters",
      `transaction is ${shown(transaction)}; expected 1 to 64 characters or an integer.`,
    );
  }
  return { transaction: known.data, fields };
}

/** @throws InputError `unknown-command` with the names that are known */
export function commandName(name: string): CommandName {
  const known = COMMAND_NAMES.find((candidate) => candidate === name);
  if (known !== undefined) return known;
  throw new InputError(
    "unknown-command",
    `There is no command "${name.slice(0, 64)}". Known: ${COMMAND_NAMES.join(", ")}.`,
  );
}

/**
 * The validated parameters of a command.
 * @throws InputError `bad-parameters` naming field, value and expectation
 */
export function commandParams<N extends CommandName>(
  name: N,
  fields: Readonly<Record<string, unknown>>,
): CommandParams<N> {
  const parsed = (commandSchemas[name] as unknown as z.ZodType<CommandParams<N>>).safeParse(fields);
  if (parsed.success) return parsed.data;
  const complaints = parsed.error.issues.slice(0, 5).map((issue) => complaint(issue, fields));
  const takes = Object.keys(commandSchemas[name].shape).join(", ");
  throw new InputError(
    "bad-parameters",
    `${name}: ${complaints.join("; ")}. It takes: ${takes === "" ? "nothing" : takes}.`,
  );
}

/**
 * The camera a command is for: the one named, or the only one.
 * @throws InputError `unknown-camera`, `camera-needed`
 */
export function commandCamera(camera: string | undefined, cameras: readonly string[]): string {
  const [first, ...others] = cameras;
  if (camera === undefined && first !== undefined && others.length === 0) return first;
  if (camera === undefined) {
    throw new InputError(
      "camera-needed",
      `This station has ${cameras.length} cameras; say which in "camera": ${cameras.join(", ")}.`,
    );
  }
  if (cameras.includes(camera)) return camera;
  throw new InputError("unknown-camera", `There is no camera "${camera}". Known: ${cameras.join(", ")}.`);
}

function jsonObject(payload: Buffer): Record<string, unknown> {
  const text = payload.toString("utf8").trim();
  if (text === "") return {};
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new InputError(
      "bad-json",
      `The payload is no JSON (${messageOf(error).slice(0, 200)}). Send an object, e.g. {"camera":"cam1"}.`,
    );
  }
  if (typeof value === "object" && value !== null && !Array.isArray(value))
    return value as Record<string, unknown>;
  throw new InputError(
    "bad-json",
    `The payload is ${shown(value)}; expected a JSON object, e.g. {"camera":"cam1"}.`,
  );
}

function complaint(issue: z.core.$ZodIssue, fields: Readonly<Record<string, unknown>>): string {
  const field = issue.path.map(String).join(".");
  if (field === "") return issue.message;
  return `${field} is ${shown(fields[String(issue.path[0])])}: ${issue.message}`;
}

function shown(value: unknown): string {
  if (value === undefined) return "missing";
  return JSON.stringify(value).slice(0, 80);
}
