import type { Inspection } from "../../domain/inspection.ts";
import type { LineView, StationView } from "../../domain/station-view.ts";
import type { Hardware } from "../../system/hardware.ts";
import { LINE_DEAD_BANDS, lineMetrics, partMetrics, verdictAt } from "./device-metrics.ts";
import type { Metric, Payload } from "./metric.ts";
import { bdSeqMetric, NODE_DEAD_BANDS, nodeMetrics } from "./node-metrics.ts";
import { changedMetrics, withPublished, type Published } from "./report-by-exception.ts";
import type { SparkplugTopics } from "./topics.ts";

/**
 * The Sparkplug session of an edge node and its devices as a state machine over plain data: each function takes the node as it
 * is and gives it as it becomes, with the messages to publish, in order.
 */

export interface EdgeNode {
  /** `offline`: no connection. `waiting`: for the primary host. `online`: born. */
  readonly phase: "offline" | "waiting" | "online";
  /** Of the present connection: 0..255. */
  readonly bdSeq: number;
  /** Of the next message: 0..255. */
  readonly seq: number;
  /** Of the newest STATE message of the primary host, epoch ms. */
  readonly hostStateAt: number | null;
  readonly published: Published;
  /** Born devices with their metrics as last published. */
  readonly devices: ReadonlyMap<string, Published>;
}

/** What does not change while the station runs. */
export interface EdgeNodeSettings {
  readonly topics: SparkplugTopics;
  /** Births wait for this host application; null: for none. */
  readonly primaryHost: string | null;
  readonly hardware: Hardware;
}

/** What the messages are made from. */
export interface Scene extends EdgeNodeSettings {
  readonly view: StationView;
  /** The last part of each camera. */
  readonly newest: ReadonlyMap<string, Inspection>;
  /** Epoch ms, an integer. */
  readonly now: number;
}

export interface NodeMessage {
  readonly topic: string;
  readonly payload: Payload;
  /** 1 for NDEATH only. */
  readonly qos: 0 | 1;
}

export interface Step {
  readonly node: EdgeNode;
  readonly messages: readonly NodeMessage[];
}

export const OFFLINE: EdgeNode = {
  phase: "offline",
  bdSeq: 0,
  seq: 0,
  hostStateAt: null,
  published: new Map(),
  devices: new Map(),
};

/** A connection was made whose will has this bdSeq. */
export function connected(node: EdgeNode, bdSeq: number): EdgeNode {
  return { ...disconnected(node), phase: "waiting", bdSeq };
}

/** Commands are listened to: born now, or (tck-id-message-flow-edge-node-birth-publish-phid-wait) when the host is online. */
export function subscribed(node: EdgeNode, scene: Scene): Step {
  return node.phase === "waiting" && scene.primaryHost === null ? born(node, scene) : idle(node);
}

/** The connection ended; the broker sends the will. */
export function disconnected(node: EdgeNode): EdgeNode {
  return { ...node, phase: "offline", published: new Map(), devices: new Map() };
}

/** STATE of the primary host. `leave`: the connection is to be ended and made anew. */
export function hostState(
  node: EdgeNode,
  state: { readonly online: boolean; readonly timestamp: number },
  scene: Scene,
): Step & { readonly leave: boolean } {
  // tck-id-…-phid-wait-timestamp, tck-id-operational-behavior-edge-node-termination-host-offline-timestamp
  const stale = node.hostStateAt !== null && state.timestamp < node.hostStateAt;
  if (stale || node.phase === "offline") return { node, messages: [], leave: false };
  const known: EdgeNode = { ...node, hostStateAt: state.timestamp };
  if (state.online) return { ...(node.phase === "waiting" ? born(known, scene) : idle(known)), leave: false };
  // unborn there is nobody to die: we stay connected and wait, since there is no other server to walk to
  if (node.phase === "waiting") return { ...idle(known), leave: false };
  return { ...died(known, scene), leave: true }; // tck-id-message-flow-edge-node-birth-publish-phid-offline
}

/** A host asks for everything anew; bdSeq stays (tck-id-operational-behavior-data-commands-rebirth-action-2 and -3). */
export function reborn(node: EdgeNode, scene: Scene): Step {
  return node.phase === "online" ? born(node, scene) : idle(node);
}

/** What of the node's own metrics has changed. */
export function nodeChanges(node: EdgeNode, scene: Scene): Step {
  if (node.phase !== "online") return idle(node);
  const metrics = nodeMetrics({ ...scene, bdSeq: node.bdSeq }, scene.now);
  const changed = changedMetrics(node.published, metrics, NODE_DEAD_BANDS);
  if (changed.length === 0) return idle(node);
  const step = send(node, scene.topics.node("NDATA"), changed, scene.now);
  return { ...step, node: { ...step.node, published: withPublished(node.published, changed) } };
}

/** Births and deaths of devices whose camera came or went, and what has changed of one that lives. */
export function deviceChanges(node: EdgeNode, camera: string, scene: Scene): Step {
  if (node.phase !== "online") return idle(node);
  const line = scene.view.lines.find(({ name }) => name === camera);
  const alive = node.devices.get(camera);
  if (line?.camera.connected !== true)
    return alive === undefined ? idle(node) : deviceDied(node, camera, scene);
  if (alive === undefined) return deviceBorn(node, line, scene);
  const changed = changedMetrics(alive, lineMetrics(line, scene.now), LINE_DEAD_BANDS);
  return changed.length === 0 ? idle(node) : deviceData(node, camera, changed, scene);
}

/**
 * A part was judged: one DDATA with all that is known of it, and what else has changed. `taken` is false where the device is
 * not born: the part is to be sent later (`historical`).
 */
export function inspected(
  node: EdgeNode,
  inspection: Inspection,
  scene: Scene,
): Step & { readonly taken: boolean } {
  const { camera } = inspection;
  const line = scene.view.lines.find(({ name }) => name === camera);
  const alive = node.devices.get(camera);
  if (node.phase !== "online" || line?.camera.connected !== true || alive === undefined) {
    return { ...deviceChanges(node, camera, scene), taken: false };
  }
  const part = partMetrics(inspection, Math.min(verdictAt(inspection), scene.now));
  const changed = changedMetrics(alive, lineMetrics(line, scene.now), LINE_DEAD_BANDS);
  // the older first: tck-id-operational-behavior-data-publish-dbirth-order
  return { ...deviceData(node, camera, [...part, ...changed], scene), taken: true };
}

/** Whether messages of this device may be sent. */
export function isBorn(node: EdgeNode, camera: string): boolean {
  return node.phase === "online" && node.devices.has(camera);
}

/** A part that was judged while its device was not born; now it is (`isBorn`). */
export function historical(
  node: EdgeNode,
  inspection: Inspection,
  scene: Pick<Scene, "topics" | "now">,
): Step {
  const metrics = partMetrics(inspection, verdictAt(inspection)).map((metric) => ({
    ...metric,
    historical: true,
  }));
  return send(node, scene.topics.device("DDATA", inspection.camera), metrics, scene.now);
}

/** The node goes on purpose: NDEATH, after which the connection is to be ended. */
export function died(node: EdgeNode, scene: EdgeNodeSettings & { readonly now: number }): Step {
  if (node.phase !== "online") return { node: disconnected(node), messages: [] };
  const { topic, payload } = deathCertificate(node.bdSeq, scene);
  return { node: disconnected(node), messages: [{ topic, payload, qos: 1 }] };
}

/** NDEATH, which is the will too: bdSeq and no seq (tck-id-topics-ndeath-payload, tck-id-topics-ndeath-seq). */
export function deathCertificate(
  bdSeq: number,
  { topics, now }: EdgeNodeSettings & { readonly now: number },
): { readonly topic: string; readonly payload: Payload } {
  return { topic: topics.node("NDEATH"), payload: { timestamp: now, metrics: [bdSeqMetric(bdSeq, now)] } };
}

/** NBIRTH, then DBIRTH of each device (tck-id-payloads-dbirth-order). */
function born(node: EdgeNode, scene: Scene): Step {
  const metrics = nodeMetrics({ ...scene, bdSeq: node.bdSeq }, scene.now);
  // tck-id-payloads-sequence-num-zero-nbirth
  const birth = send({ ...node, seq: 0 }, scene.topics.node("NBIRTH"), metrics, scene.now);
  const fresh: EdgeNode = {
    ...birth.node,
    phase: "online",
    published: withPublished(new Map(), metrics),
    devices: new Map(),
  };
  const living = scene.view.lines.filter(({ camera }) => camera.connected);
  return living.reduce<Step>((step, line) => then(step, deviceBorn(step.node, line, scene)), {
    node: fresh,
    messages: birth.messages,
  });
}

function deviceBorn(node: EdgeNode, line: LineView, scene: Scene): Step {
  const part = scene.newest.get(line.name) ?? null;
  const partAt = part === null ? scene.now : Math.min(verdictAt(part), scene.now);
  const metrics = [...partMetrics(part, partAt), ...lineMetrics(line, scene.now)];
  const step = send(node, scene.topics.device("DBIRTH", line.name), metrics, scene.now);
  const devices = new Map([...node.devices, [line.name, withPublished(new Map(), metrics)]]);
  return { ...step, node: { ...step.node, devices } };
}

/** DDEATH has a seq and no metrics (tck-id-payloads-ddeath-seq). */
function deviceDied(node: EdgeNode, camera: string, scene: Scene): Step {
  const step = send(node, scene.topics.device("DDEATH", camera), [], scene.now);
  const devices = new Map([...node.devices].filter(([name]) => name !== camera));
  return { ...step, node: { ...step.node, devices } };
}

function deviceData(node: EdgeNode, camera: string, metrics: readonly Metric[], scene: Scene): Step {
  const step = send(node, scene.topics.device("DDATA", camera), metrics, scene.now);
  const published = withPublished(node.devices.get(camera) ?? new Map(), metrics);
  return { ...step, node: { ...step.node, devices: new Map([...node.devices, [camera, published]]) } };
}

/** One message with the next seq: 255 is followed by 0 (tck-id-payloads-sequence-num-incrementing). */
function send(node: EdgeNode, topic: string, metrics: readonly Metric[], timestamp: number): Step {
  const message: NodeMessage = { topic, payload: { timestamp, seq: node.seq, metrics }, qos: 0 };
  return { node: { ...node, seq: (node.seq + 1) % 256 }, messages: [message] };
}

function then(first: Step, second: Step): Step {
  return { node: second.node, messages: [...first.messages, ...second.messages] };
}

function idle(node: EdgeNode): Step {
  return { node, messages: [] };
}
