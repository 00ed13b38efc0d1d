import { execFileSync, spawnSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import { discoveryMessages } from "../../../src/messaging/home-assistant/discovery.ts";
import { resultPayload } from "../../../src/messaging/result-payload.ts";
import { cameraStateSchema, countersSchema } from "../../../src/messaging/schemas/camera.ts";
import { commandSchemas, type CommandName } from "../../../src/messaging/schemas/command.ts";
import { stationTopics } from "../../../src/messaging/topics.ts";
import { lineOf, viewOf } from "../line-view.ts";
import { CONTEXT, inspectionOf } from "../plant.ts";
import { discoverySchema } from "./discovery-schema.ts";

const topics = stationTopics("assay/v1/st1");
const OPTIONS = {
  prefix: "homeassistant",
  hardware: { make: "NVIDIA", model: "Orin NX", serial: null },
  lastNgType: "image/jpeg",
};
const view = viewOf([lineOf("cam1"), lineOf("cam-2")]);
const announced = discoveryMessages(view, topics, OPTIONS);
const payloadOf = (index: number) => discoverySchema.parse(JSON.parse(announced[index]!.payload.toString()));
const hasJinja = spawnSync("python3", ["-c", "import jinja2"]).status === 0;

/** What the station publishes on each topic that a template reads. */
const published: Readonly<Record<string, object>> = {
  [topics.state]: { state: "stopped", session: "s", ts: "2026-01-01T00:00:00Z" },
  [topics.camera("cam1").state]: cameraStateSchema.parse({
    schema: "1.0",
    ts: "2026-01-01T00:00:00Z",
    seq: 1,
    vision_state: "Ready",
    ready: true,
    busy: false,
    fault: { code: "camera-stalled", text: "…", since: "2026-01-01T00:00:00Z" },
    recipe: { id: "gear", version: "2", hash: "r1" },
    model: { id: "b", hash: "m", engine: null, precision: null },
    threshold: { reject: 0.5, warn: null, calibrated_at: null, target_frr: null },
    camera: {
      connected: true,
      fps: 10,
      frame_age_ms: 40,
      frozen: false,
      sharpness: null,
      brightness: null,
    },
    config_hash: "c",
  }),
  [topics.camera("cam1").resultLast]: resultPayload(inspectionOf(1), CONTEXT),
  [topics.camera("cam1").counters]: countersSchema.parse({
    schema: "1.0",
    ts: "2026-01-01T00:00:00Z",
    since: null,
    ...{ triggers: 8, ok: 6, ng: 2, warn: 0, err: 0, late: 0, missed: 0 },
    recipes: {},
  }),
};

describe("Home Assistant discovery", () => {
  it("is one retained QoS 1 message a camera, in a form that Home Assistant takes", () => {
    expect(announced.map(({ topic, qos, retain }) => ({ topic, qos, retain }))).toEqual([
      { topic: "homeassistant/device/st1_cam1/config", qos: 1, retain: true },
      { topic: "homeassistant/device/st1_cam-2/config", qos: 1, retain: true },
    ]);
    for (const index of [0, 1]) {
      const { cmps, dev } = payloadOf(index);
      expect(Object.keys(cmps)).toEqual(COMPONENTS);
      const ids = Object.values(cmps).map(({ uniq_id }) => uniq_id);
      expect(new Set(ids).size).toBe(ids.length);
      expect(ids.every((id) => id.startsWith(`${dev.ids[0]}_`))).toBe(true);
    }
  });

  it("leaves out what is not there: picture, recipes, make and model", () => {
    const bare = discoveryMessages({ ...view, recipes: [] }, topics, {
      prefix: "ha",
      hardware: { make: null, model: null, serial: null },
      lastNgType: null,
    });
    const { dev, cmps } = discoverySchema.parse(JSON.parse(bare[0]!.payload.toString()));
    expect(dev).toEqual({ ids: ["st1_cam1"], name: "st1 cam1", sw: "1.2.3" });
    expect(Object.keys(cmps)).toEqual(COMPONENTS.filter((key) => key !== "last_ng" && key !== "recipe"));
  });

  it("reads values that our messages have", () => {
    for (const [topic, template] of readings()) {
      const message = published[topic];
      expect(message, topic).toBeDefined();
      const paths = [...template.matchAll(/value_json((?:\.\w+)+)/g)].map(([, path = ""]) => path);
      expect(paths.length).toBeGreaterThan(0);
      for (const path of paths) expect(pathIn(message!, path), `${path} on ${topic}`).toBeDefined();
    }
  });

  it("commands what the station takes", () => {
    const sent = Object.values(payloadOf(0).cmps).flatMap((component) => {
      if (!("cmd_t" in component)) return [];
      const text = "pl_prs" in component ? component.pl_prs : filled(component.cmd_tpl);
      return [{ topic: component.cmd_t, text }];
    });
    expect(sent).toHaveLength(6);
    for (const { topic, text } of sent) {
      const name = topic.replace("assay/v1/st1/cmd/", "") as CommandName;
      expect(commandSchemas[name].safeParse(JSON.parse(text)).success, `${topic} ${text}`).toBe(true);
    }
  });

  it.skipIf(!hasJinja)("has templates that Jinja renders to what is meant; stopped is offline", () => {
    const expected = new Map([
      ["avty", "offline"],
      ["ready", "ON"],
      ["fault", "ON"],
      ["state", "Ready"],
      ["verdict", "OK"],
      ["score", "0.25"],
      ["triggers", "8"],
      ["yield", "75.0"],
      ["recipe", "gear"],
      ["threshold", "0.5"],
    ]);
    const { avty, cmps } = payloadOf(0);
    const rendered = rendering([
      ...avty.map(({ t, val_tpl }) => ["avty", val_tpl, { value_json: published[t] }] as const),
      ...Object.entries(cmps).flatMap(([key, component]) =>
        "val_tpl" in component
          ? [[key, component.val_tpl, { value_json: published[component.stat_t] }] as const]
          : [],
      ),
    ]);
    for (const [key, text] of expected) expect(rendered.get(key), key).toBe(text);
    const commands = rendering([
      ["recipe", (cmps.recipe as { cmd_tpl: string }).cmd_tpl, { value: 'a "b"' }],
      ["threshold", (cmps.threshold as { cmd_tpl: string }).cmd_tpl, { value: 0.625 }],
    ]);
    expect(JSON.parse(commands.get("recipe")!)).toEqual({ camera: "cam1", recipe: 'a "b"' });
    expect(JSON.parse(commands.get("threshold")!)).toEqual({ camera: "cam1", reject: 0.625 });
  });
});

const COMPONENTS = [
  ...["ready", "fault", "state", "verdict", "score", "last_ng"],
  ...["triggers", "ok", "ng", "warn", "err", "yield"],
  ...["start", "stop", "reset", "train", "recipe", "threshold"],
];

/** Topic and template of everything that is read. */
function readings(): (readonly [string, string])[] {
  const { avty, cmps } = payloadOf(0);
  return [
    ...avty.map(({ t, val_tpl }) => [t, val_tpl] as const),
    ...Object.values(cmps).flatMap((component) => [
      ...("val_tpl" in component ? [[component.stat_t, component.val_tpl] as const] : []),
      ...(component.json_attr_tpl === undefined
        ? []
        : [[component.json_attr_t!, component.json_attr_tpl] as const]),
    ]),
  ];
}

function pathIn(message: object, path: string): unknown {
  const keys = path.split(".").slice(1);
  return keys.reduce<unknown>((value, key) => (value as Record<string, unknown>)[key], message);
}

/** A command template with a value put in, for the two forms that we use. */
function filled(template: string): string {
  return template.replace("{{ value | tojson }}", '"gear"').replace("{{ value }}", "0.625");
}

/** Each template as Jinja2, which Home Assistant uses, renders it. */
function rendering(
  templates: readonly (readonly [string, string, object])[],
): ReadonlyMap<string, string | undefined> {
  const program =
    "import json,sys,jinja2\n" +
    "print(json.dumps([jinja2.Template(t).render(**v) for t, v in json.load(sys.stdin)]))";
  const input = JSON.stringify(templates.map(([, template, values]) => [template, values]));
  const texts = JSON.parse(execFileSync("python3", ["-c", program], { input, encoding: "utf8" })) as string[];
  return new Map(templates.map(([key], index) => [key, texts[index]]));
}
