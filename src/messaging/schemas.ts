import { z } from "zod";
import {
  alarmSchema,
  cameraStateSchema,
  countersSchema,
  pictureSchema,
  resultSchema,
} from "./schemas/camera.ts";
import { commandSchemas, COMMAND_NAMES, envelopeSchema, responseSchema } from "./schemas/command.ts";
import type { CommandName } from "./schemas/command.ts";
import {
  eventSchema,
  gapSchema,
  healthSchema,
  heartbeatSchema,
  infoSchema,
  jobSchema,
  stateSchema,
} from "./schemas/station.ts";

/** What is published, by the name of its schema file. */
export const publishedSchemas = {
  state: stateSchema,
  info: infoSchema,
  health: healthSchema,
  heartbeat: heartbeatSchema,
  event: eventSchema,
  "event.gap": gapSchema,
  job: jobSchema,
  response: responseSchema,
  "camera-state": cameraStateSchema,
  result: resultSchema,
  counters: countersSchema,
  alarm: alarmSchema,
  picture: pictureSchema,
} as const;

/** A command's whole payload: its parameters, and beside them `transaction`, `by` and `expires`. */
export function commandPayload(name: CommandName): z.ZodObject {
  const { shape, description } = commandSchemas[name];
  return z.strictObject({ ...shape, ...envelopeSchema.shape }).describe(description ?? name);
}

/**
 * JSON Schema (2020-12) of every payload, by file name without `.json`: what is published is open for unknown fields,
 * commands are not.
 */
export function payloadSchemas(): Readonly<Record<string, object>> {
  const outgoing = Object.entries(publishedSchemas).map(
    ([name, schema]) => [name, z.toJSONSchema(schema, { io: "input" })] as const,
  );
  const incoming = COMMAND_NAMES.map(
    (name) => [`cmd.${name}`, z.toJSONSchema(commandPayload(name), { io: "input" })] as const,
  );
  return Object.fromEntries<object>([...outgoing, ...incoming]);
}
