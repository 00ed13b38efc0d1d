import type { PAYLOAD_EXAMPLES } from "./examples.ts";

/** Something the station publishes. `{camera}`, `{code}`, `{id}`, `{kind}` and `{name}` are filled in; all below the root. */
export interface PublishedTopic {
  /** Name in the AsyncAPI document. */
  readonly key: string;
  /** Below the root. */
  readonly topic: string;
  /** Schema of the payload; null: a raw JPEG or WebP. */
  readonly payload: keyof typeof PAYLOAD_EXAMPLES | null;
  readonly qos: 0 | 1;
  readonly retain: boolean;
  /** MQTT 5 message expiry, seconds; null: none. */
  readonly expiryS: number | null;
  /** When it is sent, and how to read it. */
  readonly words: string;
}

/** Everything the station publishes (interfaces.md §3.1). */
export const PUBLISHED_TOPICS: readonly PublishedTopic[] = [
  {
    key: "state",
    topic: "state",
    payload: "state",
    qos: 1,
    retain: true,
    expiryS: null,
    words:
      "`online` on every connect, `stopped` at a wanted end; the broker says `offline` (the will) when it vanishes",
  },
  {
    key: "info",
    topic: "info",
    payload: "info",
    qos: 1,
    retain: true,
    expiryS: null,
    words: "who it is: cameras, recipes, commands; at the start and when something of it changes",
  },
  {
    key: "health",
    topic: "health",
    payload: "health",
    qos: 1,
    retain: true,
    expiryS: 30,
    words: "every 10 s; what cannot be read on a machine is null",
  },
  {
    key: "heartbeat",
    topic: "heartbeat",
    payload: "heartbeat",
    qos: 0,
    retain: false,
    expiryS: null,
    words: "every second; `ready`: the next part will be judged on every camera",
  },
  {
    key: "event",
    topic: "event",
    payload: "event",
    qos: 1,
    retain: false,
    expiryS: null,
    words:
      "the audit: who changed what, from which value to which; kept while the broker is away. `gap`: results that will never come",
  },
  {
    key: "job",
    topic: "job/{id}",
    payload: "job",
    qos: 1,
    retain: true,
    expiryS: null,
    words: "training, gauge and challenge runs; emptied 24 h after the end",
  },
  {
    key: "stationAlarm",
    topic: "alarm/{code}",
    payload: "alarm",
    qos: 1,
    retain: true,
    expiryS: null,
    words: "as a camera's alarm, for what belongs to no camera (the disk)",
  },
  {
    key: "cameraState",
    topic: "cam/{camera}/state",
    payload: "camera-state",
    qos: 1,
    retain: true,
    expiryS: null,
    words: "when it changes and every second, at most ten times a second",
  },
  {
    key: "result",
    topic: "cam/{camera}/result",
    payload: "result",
    qos: 1,
    retain: false,
    expiryS: 60,
    words:
      "one for each trigger, at most 2 kB; `historical: true` ones (queued while the broker was away, or replayed) do not expire",
  },
  {
    key: "resultLast",
    topic: "cam/{camera}/result/last",
    payload: "result",
    qos: 1,
    retain: true,
    expiryS: 60,
    words: "a copy for who comes later; never act on it",
  },
  {
    key: "counters",
    topic: "cam/{camera}/counters",
    payload: "counters",
    qos: 1,
    retain: true,
    expiryS: null,
    words: "totals since the last `counters.reset`, whole and per recipe",
  },
  {
    key: "alarm",
    topic: "cam/{camera}/alarm/{code}",
    payload: "alarm",
    qos: 1,
    retain: true,
    expiryS: null,
    words: "emptied when it is neither active nor waiting for `alarm.ack`",
  },
  {
    key: "image",
    topic: "cam/{camera}/image/{kind}",
    payload: null,
    qos: 0,
    retain: false,
    expiryS: null,
    words:
      "`frame`, `heatmap`, `overlay`: a raw JPEG or WebP, dropped rather than queued (`images` in the configuration)",
  },
  {
    key: "lastNg",
    topic: "cam/{camera}/image/last_ng",
    payload: null,
    qos: 0,
    retain: true,
    expiryS: null,
    words: "the overlay of the last rejected part (`images.lastNg: true`)",
  },
  {
    key: "imageMeta",
    topic: "cam/{camera}/image/{kind}/meta",
    payload: "picture",
    qos: 0,
    retain: false,
    expiryS: null,
    words:
      "just before each picture: what it shows, and its sha256; retained for `last_ng`. MQTT 5 has the same as user properties",
  },
  {
    key: "response",
    topic: "rsp/{name}",
    payload: "response",
    qos: 1,
    retain: false,
    expiryS: null,
    words: "the answer to every command, also sent to the caller's MQTT 5 response topic",
  },
];

/** Codes of refused commands that do not depend on the command. */
export const REFUSALS: readonly { readonly code: string; readonly words: string }[] = [
  { code: "retained", words: "dropped without an answer, audited: it would be done again on every connect" },
  {
    code: "expired",
    words: "dropped without an answer, audited: past its MQTT 5 message expiry or its `expires`",
  },
  {
    code: "correlation-too-long",
    words: "dropped without an answer, audited: correlation data above 64 bytes",
  },
  {
    code: "response-topic",
    words: "audited: the response topic is not allowed; answered on `rsp/{name}` only",
  },
  { code: "empty", words: "no payload: what also arrives when a retained topic is cleared" },
  { code: "too-large", words: "above 64 KiB" },
  { code: "bad-json", words: "no JSON object, or nested deeper than 16 levels" },
  {
    code: "bad-parameters",
    words: "names the field, its value and what was expected; unknown fields are errors",
  },
  { code: "unknown-command", words: "lists the known names" },
  { code: "camera-needed", words: "there are several cameras; lists them" },
  { code: "unknown-camera", words: "lists the known cameras" },
  { code: "busy", words: "32 commands are being worked on; send it again" },
  { code: "too-many", words: "more than 10 changes a second (50 at once); triggers are not counted" },
  { code: "starting", words: "the station is still starting; send it again" },
  { code: "not-available", words: "this station cannot do that; says why" },
  { code: "internal", words: "a fault of assayd; see its log" },
];
