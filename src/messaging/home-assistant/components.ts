import type { RecipeIdentity } from "../../domain/inspection.ts";
import { VISION_STATES, type LineView } from "../../domain/station-view.ts";
import type { StationTopics } from "../topics.ts";

/**
 * One entity in Home Assistant, with the abbreviations of its MQTT discovery
 * (https://www.home-assistant.io/integrations/mqtt/#supported-abbreviations-in-mqtt-discovery-messages).
 */
export interface Component {
  /** Platform. */
  readonly p: "binary_sensor" | "sensor" | "image" | "button" | "select" | "number";
  readonly uniq_id: string;
  readonly name: string;
  readonly [key: string]: unknown;
}

export interface ComponentsOptions {
  readonly topics: StationTopics;
  /** `{station}_{camera}`, the beginning of each unique id. */
  readonly device: string;
  readonly recipes: readonly RecipeIdentity[];
  /** MIME type of image/last_ng; null: it is not published. */
  readonly lastNgType: string | null;
}

const FRESH_S = 60; // result/last expires after this (interfaces.md §3.1)
const LIMIT = 1000; // scores have no natural bound; Home Assistant wants one

/** The entities of one camera, by the key that they keep for ever. */
export function components(line: LineView, options: ComponentsOptions): Readonly<Record<string, Component>> {
  const entities = { ...states(line, options), ...counters(line, options), ...controls(line, options) };
  return Object.fromEntries(
    Object.entries(entities).map(([key, entity]) => [
      key,
      { ...entity, uniq_id: `${options.device}_${key}` } as Component,
    ]),
  );
}

type Entities = Readonly<Record<string, Omit<Component, "uniq_id">>>;

function states({ name }: LineView, { topics, lastNgType }: ComponentsOptions): Entities {
  const { state, resultLast, image } = topics.camera(name);
  return {
    ready: { p: "binary_sensor", name: "Ready", stat_t: state, val_tpl: onIf("value_json.ready") },
    fault: {
      p: "binary_sensor",
      name: "Fault",
      dev_cla: "problem",
      stat_t: state,
      val_tpl: onIf("value_json.fault"),
      json_attr_t: state,
      json_attr_tpl: "{{ (value_json.fault or {}) | tojson }}",
    },
    state: {
      p: "sensor",
      name: "State",
      dev_cla: "enum",
      ops: Object.keys(VISION_STATES),
      stat_t: state,
      val_tpl: "{{ value_json.vision_state }}",
    },
    verdict: {
      p: "sensor",
      name: "Verdict",
      dev_cla: "enum",
      ops: ["OK", "NG", "WARN", "ERR"],
      stat_t: resultLast,
      val_tpl: "{{ value_json.verdict }}",
      exp_aft: FRESH_S,
    },
    score: {
      p: "sensor",
      name: "Score",
      stat_cla: "measurement",
      stat_t: resultLast,
      val_tpl: "{{ value_json.score }}", // null renders as None, which Home Assistant takes for unknown
      exp_aft: FRESH_S,
    },
    ...(lastNgType !== null && {
      last_ng: { p: "image", name: "Last NG", img_t: image("last_ng"), cont_type: lastNgType },
    }),
  };
}

function counters({ name }: LineView, { topics }: ComponentsOptions): Entities {
  const stat_t = topics.camera(name).counters;
  const total = (key: string, words: string): Omit<Component, "uniq_id"> => ({
    p: "sensor",
    name: words,
    stat_cla: "total_increasing",
    stat_t,
    val_tpl: `{{ value_json.${key} }}`,
  });
  return {
    triggers: total("triggers", "Parts"),
    ok: total("ok", "OK"),
    ng: total("ng", "NG"),
    warn: total("warn", "WARN"),
    err: total("err", "ERR"),
    yield: {
      p: "sensor",
      name: "Yield",
      unit_of_meas: "%",
      stat_cla: "measurement",
      stat_t,
      val_tpl:
        // of those that were judged, as in the shift report
        "{{ (100 * value_json.ok / (value_json.triggers - value_json.err)) | round(2) if value_json.triggers > value_json.err else None }}",
    },
  };
}

function controls({ name }: LineView, { topics, recipes }: ComponentsOptions): Entities {
  const camera = JSON.stringify(name);
  const { state } = topics.camera(name);
  const button = (
    command: "start" | "stop" | "reset" | "train.start",
    words: string,
  ): Omit<Component, "uniq_id"> => ({
    p: "button",
    name: words,
    cmd_t: topics.command(command),
    pl_prs: `{"camera":${camera}}`,
  });
  return {
    start: button("start", "Start"),
    stop: button("stop", "Stop"),
    reset: button("reset", "Reset"),
    train: { ...button("train.start", "Train"), ent_cat: "config" },
    ...(recipes.length > 0 && {
      recipe: {
        p: "select",
        name: "Recipe",
        ops: recipes.map(({ id }) => id),
        stat_t: state,
        val_tpl: "{{ value_json.recipe.id }}",
        cmd_t: topics.command("recipe.select"),
        cmd_tpl: `{"camera":${camera},"recipe":{{ value | tojson }}}`,
      },
    }),
    threshold: {
      p: "number",
      name: "Threshold",
      ent_cat: "config",
      mode: "box",
      min: -LIMIT,
      max: LIMIT,
      step: 0.001, // the smallest that number.mqtt takes; any value between may be typed
      stat_t: state,
      val_tpl: "{{ value_json.threshold.reject }}",
      cmd_t: topics.command("threshold.set"),
      cmd_tpl: `{"camera":${camera},"reject":{{ value }}}`,
    },
  };
}

function onIf(condition: string): string {
  return `{{ 'ON' if ${condition} else 'OFF' }}`;
}
