import { z } from "zod";
import { commandSchemas, COMMAND_NAMES } from "../schemas/command.ts";
import { SCHEMA_VERSION } from "../schemas/words.ts";
import { commandPayload, publishedSchemas } from "../schemas.ts";
import { PUBLISHED_TOPICS, type PublishedTopic } from "./contract.ts";
import { COMMAND_EXAMPLES, PAYLOAD_EXAMPLES } from "./examples.ts";

const ROOT = "assay/v1/{station}";
const PARAMETERS: Readonly<Record<string, string>> = {
  station: "station.name of the configuration; station.topicRoot replaces the whole root",
  camera: "name of the camera",
  code: "of the alarm, e.g. camera-stalled",
  id: "of the job",
  kind: "frame, heatmap or overlay",
  name: "of the command",
};

/** The AsyncAPI 3.0 document of everything the station publishes and takes, from the schemas that the program itself uses. */
export function asyncApiDocument(): object {
  return {
    asyncapi: "3.0.0",
    info: {
      title: "assayd inspection station",
      version: SCHEMA_VERSION,
      description:
        "Results, states and commands of an inspection station over MQTT 5 or 3.1.1. What is published is open for new fields: ignore those you do not know.",
      license: { name: "MIT" },
    },
    defaultContentType: "application/json",
    servers: { plant: { host: "localhost:1883", protocol: "mqtt", description: "the plant's broker" } },
    channels: Object.fromEntries([
      ...PUBLISHED_TOPICS.map(publishedChannel),
      ...COMMAND_NAMES.map(commandChannel),
    ]),
    operations: Object.fromEntries([
      ...PUBLISHED_TOPICS.map(publishOperation),
      ...COMMAND_NAMES.map(commandOperation),
    ]),
    components: { messages: messages(), schemas: schemas() },
  };
}

function publishedChannel({ key, topic, payload, words }: PublishedTopic): [string, object] {
  const message = payload ?? "picture-bytes";
  return [key, channel(`${ROOT}/${topic}`, message, words)];
}

function commandChannel(name: (typeof COMMAND_NAMES)[number]): [string, object] {
  return [
    commandKey(name),
    channel(`${ROOT}/cmd/${name}`, `cmd.${name}`, commandSchemas[name].description ?? name),
  ];
}

function channel(address: string, message: string, description: string): object {
  const names = [...address.matchAll(/\{(\w+)\}/g)].map(([, name]) => name ?? "");
  return {
    address,
    description,
    parameters: Object.fromEntries(names.map((name) => [name, { description: PARAMETERS[name] }])),
    messages: { [message]: { $ref: `#/components/messages/${message}` } },
  };
}

function publishOperation({ key, qos, retain, expiryS }: PublishedTopic): [string, object] {
  const mqtt = {
    qos,
    retain,
    ...(expiryS !== null && { messageExpiryInterval: expiryS }),
    bindingVersion: "0.2.0",
  };
  return [`send-${key}`, { action: "send", channel: { $ref: `#/channels/${key}` }, bindings: { mqtt } }];
}

function commandOperation(name: (typeof COMMAND_NAMES)[number]): [string, object] {
  return [
    `receive-${commandKey(name)}`,
    {
      action: "receive",
      channel: { $ref: `#/channels/${commandKey(name)}` },
      bindings: { mqtt: { qos: 1, retain: false, bindingVersion: "0.2.0" } },
      reply: { channel: { $ref: "#/channels/response" } },
    },
  ];
}

function commandKey(name: string): string {
  return `cmd-${name.replaceAll(".", "-")}`;
}

function messages(): object {
  const outgoing = Object.entries(PAYLOAD_EXAMPLES).map(
    ([name, example]) => [name, message(name, example)] as const,
  );
  const incoming = COMMAND_NAMES.map(
    (name) => [`cmd.${name}`, message(`cmd.${name}`, COMMAND_EXAMPLES[name])] as const,
  );
  const picture = { contentType: "image/jpeg", summary: "a picture, raw (or image/webp)" };
  return Object.fromEntries<object>([...outgoing, ...incoming, ["picture-bytes", picture]]);
}

function message(name: string, example: object): object {
  return {
    name,
    payload: { $ref: `#/components/schemas/${name}` },
    examples: [{ name: "example", payload: example }],
  };
}

/** AsyncAPI 3's own schema dialect is a superset of JSON Schema draft 7. */
function schemas(): object {
  const draft7 = (schema: z.ZodType): object => {
    const whole = z.toJSONSchema(schema, { io: "input", target: "draft-7" });
    return Object.fromEntries(Object.entries(whole).filter(([key]) => key !== "$schema"));
  };
  const outgoing = Object.entries(publishedSchemas).map(([name, schema]) => [name, draft7(schema)] as const);
  const incoming = COMMAND_NAMES.map((name) => [`cmd.${name}`, draft7(commandPayload(name))] as const);
  return Object.fromEntries<object>([...outgoing, ...incoming]);
}
