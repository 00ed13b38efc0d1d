import { z } from "zod";
import {
  alarmSchema,
  cameraStateSchema,
  countersSchema,
  pictureSchema,
  resultSchema,
} from "./schemas/camera.ts";
import { commandSchemas, COMMAND_NAMES, envelopeSchema, responseSchema } from "./schemas/command.ts";
import {
  eventSchema,
  gapSchema,
  healthSchema,
  heartbeatSchema,
  infoSchema,
  jobSchema,
  stateSchema,
} from "./schemas/station.ts";

const published = {
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

/**
 * JSON Schema (2020-12) of every payload, by file name without `.json`: what is published is open for unknown fields,
 * commands are not. Commands carry `transaction`, `by` and `expires` beside their parameters.
 */
export function payloadSchemas(): Readonly<Record<string, object>> {
  const outgoing = Object.entries(published).map(
    ([name, schema]) => [name, z.toJSONSchema(schema, { io: "input" })] as const,
  );
  const incoming = COMMAND_NAMES.map((name) => {
    const { shape, description } = commandSchemas[name];
    const whole = z.strictObject({ ...shape, ...envelopeSchema.shape }).describe(description ?? name);
    return [`cmd.${name}`, z.toJSONSchema(whole, { io: "input" })] as const;
  });
  return Object.fromEntries<object>([...outgoing, ...incoming]);
}
