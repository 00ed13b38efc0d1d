import { InputError } from "../../domain/errors.ts";
import type { MetricValue, ReceivedMetric } from "./metric.ts";
import { REBIRTH, REBOOT } from "./node-metrics.ts";
import { decodeCommand } from "./payload.ts";

const MAX_BYTES = 65_536; // of one command; ours have at most ten metrics
const PREFIX = "Device Control/";

/** What a host asks of the edge node. */
export interface NodeWish {
  readonly metric: string;
  readonly kind: "rebirth" | "reboot";
}

/** What a host asks of a device. */
export type DeviceWish =
  | {
      readonly metric: string;
      readonly kind: "start" | "stop" | "reset" | "reset-counters" | "start-training";
    }
  | { readonly metric: string; readonly kind: "select-recipe"; readonly recipe: string }
  | { readonly metric: string; readonly kind: "set-threshold"; readonly reject: number };

/** A command's metrics in their order; each is a wish or is refused alone. */
export type Read<Wish> = Wish | InputError;

const BUTTONS = {
  Start: "start",
  Stop: "stop",
  Reset: "reset",
  "Counters Reset": "reset-counters",
  "Train Start": "start-training",
} as const;

/** The wishes of an NCMD. @throws InputError if it is no Sparkplug payload */
export function readNodeCommand(bytes: Uint8Array): readonly Read<NodeWish>[] {
  return decoded(bytes).flatMap(({ name, value }) => {
    if (name !== REBIRTH && name !== REBOOT) return [unknownMetric(name, `${REBIRTH} and ${REBOOT}`)];
    return pressed(name, value, { metric: name, kind: name === REBIRTH ? "rebirth" : "reboot" });
  });
}

/** The wishes of a DCMD. @throws InputError if it is no Sparkplug payload */
export function readDeviceCommand(bytes: Uint8Array): readonly Read<DeviceWish>[] {
  return decoded(bytes).flatMap(({ name, value }): readonly Read<DeviceWish>[] => {
    const control = name?.startsWith(PREFIX) === true ? name.slice(PREFIX.length) : null;
    if (control === "Recipe Select") return [recipeWish(`${PREFIX}${control}`, value)];
    if (control === "Threshold") return [thresholdWish(`${PREFIX}${control}`, value)];
    if (control === null || !Object.hasOwn(BUTTONS, control)) {
      return [unknownMetric(name, `the metrics below ${PREFIX}`)];
    }
    const metric = `${PREFIX}${control}`;
    return pressed(metric, value, { metric, kind: BUTTONS[control as keyof typeof BUTTONS] });
  });
}

function decoded(bytes: Uint8Array): readonly ReceivedMetric[] {
  if (bytes.length > MAX_BYTES) {
    throw new InputError(
      "sparkplug-payload",
      `The command has ${bytes.length} bytes; at most ${MAX_BYTES} are taken.`,
    );
  }
  const metrics = decodeCommand(bytes);
  if (metrics.length > 0) return metrics;
  throw new InputError("sparkplug-payload", "The command holds no metric. Name what is to be written.");
}

/** A button: true asks for it, false (its resting value, which some hosts write back) for nothing. */
function pressed<Wish>(metric: string, value: MetricValue, wish: Wish): readonly Read<Wish>[] {
  if (value === true) return [wish];
  return value === false ? [] : [incompatible(metric, value, "true")];
}

function recipeWish(metric: string, value: MetricValue): Read<DeviceWish> {
  if (typeof value !== "string" || value === "" || value.length > 64) {
    return incompatible(metric, value, "a recipe's id, 1 to 64 characters");
  }
  return { metric, kind: "select-recipe", recipe: value };
}

function thresholdWish(metric: string, value: MetricValue): Read<DeviceWish> {
  const reject = typeof value === "bigint" ? Number(value) : value;
  if (typeof reject !== "number" || !Number.isFinite(reject)) return incompatible(metric, value, "a number");
  return { metric, kind: "set-threshold", reject };
}

/** tck-id-operational-behavior-data-commands-dcmd-metric-value: only compatible values are written. */
function incompatible(metric: string, value: MetricValue, expected: string): InputError {
  const given = value instanceof Uint8Array ? `${value.length} bytes` : String(value).slice(0, 64);
  return new InputError("sparkplug-value", `${metric} cannot be set to ${given}; write ${expected}.`);
}

function unknownMetric(name: string | null, known: string): InputError {
  const words =
    name === null
      ? "A metric without a name cannot be written: no alias was ever given."
      : `There is no writable metric "${name.slice(0, 128)}".`;
  return new InputError("sparkplug-metric", `${words} Known are ${known}.`);
}
