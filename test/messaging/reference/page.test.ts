import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { format, resolveConfig } from "prettier";
import { expect, it } from "vitest";
import { EVENT_KINDS } from "../../../src/messaging/reference/event-kinds.ts";
import { mqttPage } from "../../../src/messaging/reference/page.ts";
import { COMMAND_NAMES } from "../../../src/messaging/schemas/command.ts";

const root = join(import.meta.dirname, "../../..");
const read = (path: string): string => readFileSync(join(root, path), "utf8");
const files = { mosquittoConf: read("config/mosquitto/mosquitto.conf"), acl: read("config/mosquitto/acl") };

it('docs/mqtt.md is current (else run "npm run schema")', async () => {
  const options = await resolveConfig(join(root, "package.json"));
  expect(read("docs/mqtt.md")).toBe(await format(mqttPage(files), { ...options, parser: "markdown" }));
});

it("names every command with its parameters", () => {
  const page = mqttPage(files);
  for (const name of COMMAND_NAMES)
    expect(page).toContain(`[\`${name}\`](../config/schemas/cmd.${name}.json)`);
  expect(page).toContain("`reject`: number");
  expect(page).toContain("`camera?`: name, may be left out where the station has one camera");
});

it("names every kind of event that the source tells", () => {
  const source = readdirSync(join(root, "src"), { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(".ts"))
    .map((path) => read(join("src", path)))
    .join("\n");
  const told = [...source.matchAll(/\bevent\(\s*"([a-z.-]+)"/g)].map(([, kind]) => kind);
  expect(told).toContain("clock.step");
  expect(EVENT_KINDS.map(({ kind }) => kind)).toEqual(expect.arrayContaining(told));
});
