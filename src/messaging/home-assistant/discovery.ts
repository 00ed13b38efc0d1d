import type { LineView, StationView } from "../../domain/station-view.ts";
import type { Publication } from "../client.ts";
import type { StationTopics } from "../topics.ts";
import { components } from "./components.ts";

const ORIGIN = "assayd";

export interface DiscoveryOptions {
  /** Discovery prefix, `homeassistant` if nobody changed it. */
  readonly prefix: string;
  /** Of the machine; null where it is not known. */
  readonly hardware: {
    readonly make: string | null;
    readonly model: string | null;
    readonly serial: string | null;
  };
  /** MIME type of image/last_ng; null: it is not published. */
  readonly lastNgType: string | null;
}

/** Device discovery, one retained message a camera (Home Assistant 2024.12 and newer). */
export function discoveryMessages(
  view: StationView,
  topics: StationTopics,
  options: DiscoveryOptions,
): readonly Publication[] {
  return view.lines.map((line) => ({
    topic: `${options.prefix}/device/${deviceId(view.name, line.name)}/config`,
    payload: JSON.stringify(devicePayload(view, line, topics, options)),
    qos: 1,
    retain: true,
  }));
}

/** An empty payload takes the device away. */
export function removal(topic: string): Publication {
  return { topic, payload: "", qos: 1, retain: true };
}

function devicePayload(view: StationView, line: LineView, topics: StationTopics, options: DiscoveryOptions) {
  const { hardware, lastNgType } = options;
  const device = deviceId(view.name, line.name);
  return {
    dev: {
      ids: [device],
      name: `${view.name} ${line.name}`,
      sw: view.software,
      ...(hardware.make !== null && { mf: hardware.make }),
      ...(hardware.model !== null && { mdl: hardware.model }),
      ...(hardware.serial !== null && { sn: hardware.serial }),
    },
    o: { name: ORIGIN, sw: view.software },
    // `stopped` must be mapped: Home Assistant ignores what is neither payload (interfaces.md §3.7)
    avty: [{ t: topics.state, val_tpl: "{{ 'online' if value_json.state == 'online' else 'offline' }}" }],
    avty_mode: "all",
    qos: 1,
    cmps: components(line, { topics, device, recipes: view.recipes, lastNgType }),
  };
}

function deviceId(station: string, camera: string): string {
  return `${station}_${camera}`;
}
