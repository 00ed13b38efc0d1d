import type { z } from "zod";
import { InputError, messageOf } from "../domain/errors.ts";
import { COMMAND_NAMES, commandSchemas, envelopeSchema, transactionSchema } from "./schemas/command.ts";
import type { CommandName, CommandParams, Transaction } from "./schemas/command.ts";

const MAX_BYTES = 64 * 1024; // promises.md S2
/** Fields that may hold a secret: their values go into no answer, log or audit. */
export const SECRET_FIELDS: readonly string[] = ["key", "changes"];
const MAX_DEPTH = 16; // no command has more; what walks a value is recursive

/** A command's payload, split; the parameters are not validated yet. */
export interface Envelope {
  readonly transaction: Transaction | null;
  /** Who asks, as he says. */
  readonly by: string | null;
  /** Not to be done after this time, epoch ms. */
  readonly expiresAt: number | null;
  /** Why it cannot be done, where these fields are wrong. */
  readonly problem: InputError | null;
  /** The command's own parameters. */
  readonly fields: Readonly<Record<string, unknown>>;
}

/**
 * Reads the JSON object of a command.
 * @throws InputError `too-large`, `empty`, `bad-json`, `bad-parameters`
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
  const { transaction, by, expires, ...fields } = jsonObject(payload);
  const given = { transaction, by, expires };
  const read = envelopeSchema.safeParse(given);
  const own = transactionSchema.safeParse(transaction);
  const until = read.data?.expires ?? null;
  return {
    transaction: own.data ?? null, // the caller knows his answer by it, whatever else is wrong
    by: read.data?.by ?? null,
    expiresAt: until === null ? null : Date.parse(until),
    problem: read.success ? null : badParameters(read.error.issues, given),
    fields,
  };
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
  const takes = Object.keys(commandSchemas[name].shape).join(", ");
  throw badParameters(parsed.error.issues, fields, `It takes: ${takes === "" ? "nothing" : takes}.`);
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
  if (depthOf(text) > MAX_DEPTH) {
    throw new InputError("bad-json", `The payload is nested deeper than ${MAX_DEPTH} levels.`);
  }
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

/** How deep brackets are nested outside of strings; of JSON, and of what only looks like it. */
function depthOf(text: string): number {
  let depth = 0;
  let deepest = 0;
  for (const token of text.matchAll(/"(?:[^"\\]|\\.)*"?|[[{]|[\]}]/gs)) {
    const [first] = token[0];
    if (first === "{" || first === "[") deepest = Math.max(deepest, (depth += 1));
    else if (first === "}" || first === "]") depth -= 1;
  }
  return deepest;
}

function badParameters(
  issues: readonly z.core.$ZodIssue[],
  fields: Readonly<Record<string, unknown>>,
  advice = "",
): InputError {
  const complaints = issues.slice(0, 5).map((issue) => complaint(issue, fields));
  return new InputError("bad-parameters", `${complaints.join("; ")}. ${advice}`.trim());
}

function complaint(issue: z.core.$ZodIssue, fields: Readonly<Record<string, unknown>>): string {
  const field = issue.path.map(String).join(".");
  if (field === "") return issue.message;
  if (SECRET_FIELDS.includes(String(issue.path[0]))) return `${field}: ${issue.message}`;
  return `${field} is ${shown(valueAt(fields, issue.path))}: ${issue.message}`;
}

function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  const [key, ...rest] = path;
  if (key === undefined || typeof value !== "object" || value === null || !Object.hasOwn(value, key))
    return key === undefined ? value : undefined;
  return valueAt((value as Record<PropertyKey, unknown>)[key], rest);
}

function shown(value: unknown): string {
  if (value === undefined) return "missing";
  return JSON.stringify(value).slice(0, 80);
}
