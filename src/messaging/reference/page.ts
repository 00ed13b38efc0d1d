import { COMMAND_NAMES, commandSchemas, envelopeSchema } from "../schemas/command.ts";
import { PUBLISHED_TOPICS, REFUSALS } from "./contract.ts";
import { EVENT_KINDS } from "./event-kinds.ts";
import { COMMAND_EXAMPLES, PAYLOAD_EXAMPLES } from "./examples.ts";
import { parameterWords } from "./parameter-words.ts";

/** Files of the repository that the page shows. */
export interface PageFiles {
  readonly mosquittoConf: string;
  readonly acl: string;
}

/** docs/mqtt.md: everything a subscriber needs, from the data and schemas that the program uses. */
export function mqttPage({ mosquittoConf, acl }: PageFiles): string {
  return [
    INTRODUCTION,
    "## Topics",
    table(
      ["topic", "QoS", "retained", "payload", "when"],
      PUBLISHED_TOPICS.map(({ topic, qos, retain, expiryS, payload, words }) => [
        `\`{root}/${topic}\``,
        String(qos),
        retain ? "yes" : "no",
        payload === null ? "picture" : `[${payload}](../config/schemas/${payload}.json)`,
        expiryS === null ? words : `${words}; expires after ${expiryS} s`,
      ]),
    ),
    READING,
    "## Commands",
    COMMANDING,
    table(["field of every command", "what it is"], parameterWords(envelopeSchema.shape)),
    table(
      ["command", "takes (optional ones with ?)", "does"],
      COMMAND_NAMES.map((name) => [
        `[\`${name}\`](../config/schemas/cmd.${name}.json)`,
        parameterWords(commandSchemas[name].shape)
          .map(([field, words]) => (words === "" ? field : `${field}: ${words}`))
          .join("<br>"),
        commandSchemas[name].description ?? "",
      ]),
    ),
    "### Refusals",
    "An error answer holds a `code` for programs and a `message` for people. Beside the codes of single commands:",
    table(
      ["code", "why"],
      REFUSALS.map(({ code, words }) => [`\`${code}\``, words]),
    ),
    "### One example of each",
    fenced(
      "text",
      COMMAND_NAMES.map((name) => `{root}/cmd/${name}  ${JSON.stringify(COMMAND_EXAMPLES[name])}`).join("\n"),
    ),
    "## Events",
    EVENTS,
    table(
      ["kind", "data", "when"],
      EVENT_KINDS.map(({ kind, data, words }) => [`\`${kind}\``, data, words]),
    ),
    "## Payloads",
    ...Object.entries(PAYLOAD_EXAMPLES).flatMap(([name, example]) => [
      `### ${name}`,
      fenced("json", JSON.stringify(example, null, 2)),
    ]),
    "## The broker",
    BROKER,
    "### config/mosquitto/mosquitto.conf",
    fenced("text", mosquittoConf.trimEnd()),
    "### config/mosquitto/acl",
    fenced("text", acl.trimEnd()),
    "",
  ].join("\n\n");
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll("|", "\\|").replaceAll("\n", " ")).join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n");
}

function fenced(language: string, text: string): string {
  return `\`\`\`${language}\n${text}\n\`\`\``;
}

const INTRODUCTION = `# MQTT

What a station publishes and what it can be told. This page, [config/asyncapi.json](../config/asyncapi.json) and the JSON
schemas in [config/schemas](../config/schemas) are written by \`npm run schema\` from the schemas that the program itself checks
against.

\`{root}\` is \`assay/v1/<station>\`, or what \`station.topicRoot\` says, e.g. a UNS path \`enterprise/site/area/line/cell\`.
MQTT 5 and 3.1.1 (\`broker.protocolVersion: 4\`); the embedded broker speaks 3.1.1 only.`;

const READING = `- **Nothing lost?** \`seq\` of a camera has no gap within one \`session\`. Results wait on the station's disk while the broker is
  away and come later, in order, with \`historical: true\`. What a broker lost after it had taken it comes again by \`replay\`. The
  same \`inspection_id\` may come twice.
- **Reject by I/O or PLC, not by MQTT.** Results are for display and record.
- **Results never wait for pictures**: they name the topics; the sha256 of a picture is in its \`meta\` message and, on MQTT 5, in
  its user properties.
- A station that is not \`online\` says nothing about its cameras: their retained topics are from before.
- Unknown fields must be ignored. A new required field would be version 2 of the root.`;

const COMMANDING = `Publish a JSON object to \`{root}/cmd/<name>\`, QoS 1, **not retained**. The answer comes on \`{root}/rsp/<name>\` and, on MQTT 5, on
the response topic with the same correlation data; a response topic must begin with \`{root}/rsp/\` or one of
\`commands.responsePrefixes\`. \`accepted\` begins a job: follow \`{root}/job/<job_id>\`.

A command with the same correlation data and response topic, or with the same \`transaction\`, is done once within 10 minutes; the
answer is sent again. Every change is told on \`{root}/event\` with who, old and new value.

\`\`\`sh
mosquitto_sub -t 'assay/v1/station1/rsp/#' -v &
mosquitto_pub -q 1 -t assay/v1/station1/cmd/trigger -m '{"part_id":"SN-0017","transaction":1}'
\`\`\``;

const EVENTS = `A change by command gives two events. \`command.done\` says what was asked for; the change's own event says what happened, whoever
asked: MQTT, the PLC, Sparkplug B, OPC UA or the station itself. Count the latter. All but \`gap\` are in the audit trail, too
(\`assayd report audit\`).`;

const BROKER = `PUBACK is not delivery: with its defaults mosquitto keeps 1,000 messages for a subscriber that is away and drops the rest
silently, and loses what is in memory when it is killed. Use these settings, and \`replay\` for what is still lost. Each station
has its own certificate, whose common name is its user name and the last level of its root.`;
