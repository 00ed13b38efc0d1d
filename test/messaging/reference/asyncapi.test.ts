import { Parser } from "@asyncapi/parser";
import { describe, expect, it } from "vitest";
import { asyncApiDocument } from "../../../src/messaging/reference/asyncapi.ts";
import { PUBLISHED_TOPICS } from "../../../src/messaging/reference/contract.ts";
import { COMMAND_EXAMPLES, PAYLOAD_EXAMPLES } from "../../../src/messaging/reference/examples.ts";
import { commandPayload, publishedSchemas } from "../../../src/messaging/schemas.ts";
import { COMMAND_NAMES } from "../../../src/messaging/schemas/command.ts";
import { cameraTopics, stationTopics } from "../../../src/messaging/topics.ts";

const ROOT = "assay/v1/{station}";

describe("the AsyncAPI document", () => {
  it("is valid AsyncAPI 3, its examples included", async () => {
    const { document, diagnostics } = await new Parser().parse(JSON.stringify(asyncApiDocument()));
    const errors = diagnostics.filter(({ severity }) => [0, 1].includes(severity));
    expect(errors.map(({ path, message }) => `${path.join(".")}: ${message}`)).toEqual([]);
    expect(document?.version()).toBe("3.0.0");
    expect(document?.operations().filterByReceive()).toHaveLength(COMMAND_NAMES.length);
    expect(document?.operations().filterBySend()).toHaveLength(PUBLISHED_TOPICS.length);
  }, 60_000);

  it("would be refused if a command were sent to no channel: the check checks", async () => {
    const broken = structuredClone(asyncApiDocument()) as {
      operations: Record<string, { channel: { $ref: string } }>;
    };
    broken.operations["receive-cmd-start"] = { channel: { $ref: "#/channels/nowhere" } };
    const { diagnostics } = await new Parser().parse(JSON.stringify(broken));
    expect(
      diagnostics.some(({ path, severity }) => [0].includes(severity) && path.includes("receive-cmd-start")),
    ).toBe(true);
  }, 60_000);

  it("has the topics that the station uses, and no others", () => {
    const station = stationTopics(ROOT);
    const camera = cameraTopics(ROOT, "{camera}");
    const used = [
      station.state,
      station.info,
      station.health,
      station.heartbeat,
      station.event,
      station.job("{id}"),
      station.alarm("{code}"),
      station.response("{name}"),
      camera.state,
      camera.result,
      camera.resultLast,
      camera.counters,
      camera.alarm("{code}"),
      camera.image("last_ng"),
      `${ROOT}/cam/{camera}/image/{kind}`,
      `${ROOT}/cam/{camera}/image/{kind}/meta`,
    ];
    expect(PUBLISHED_TOPICS.map(({ topic }) => `${ROOT}/${topic}`).toSorted()).toEqual(used.toSorted());
  });
});

describe("the examples of the page", () => {
  it.each(Object.entries(PAYLOAD_EXAMPLES))(
    "%s is what its schema says, without an unknown field",
    (name, example) => {
      const schema = publishedSchemas[name as keyof typeof publishedSchemas];
      const known = Object.keys(schema.shape);
      expect(schema.parse(example)).toEqual(example);
      expect(Object.keys(example).filter((field) => !known.includes(field))).toEqual([]);
    },
  );

  it("are there for every payload and every command", () => {
    expect(Object.keys(PAYLOAD_EXAMPLES).toSorted()).toEqual(Object.keys(publishedSchemas).toSorted());
    expect(Object.keys(COMMAND_EXAMPLES)).toEqual([...COMMAND_NAMES]);
  });

  it.each(COMMAND_NAMES)("cmd/%s takes its example", (name) => {
    expect(commandPayload(name).parse(COMMAND_EXAMPLES[name])).toEqual(COMMAND_EXAMPLES[name]);
  });
});
