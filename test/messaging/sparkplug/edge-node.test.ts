import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Inspection } from "../../../src/domain/inspection.ts";
import type { LineView } from "../../../src/domain/station-view.ts";
import {
  connected,
  deviceChanges,
  died,
  disconnected,
  historical,
  hostState,
  inspected,
  isBorn,
  nodeChanges,
  OFFLINE,
  reborn,
  subscribed,
  type EdgeNode,
  type NodeMessage,
  type Scene,
} from "../../../src/messaging/sparkplug/edge-node.ts";
import { sparkplugTopics } from "../../../src/messaging/sparkplug/topics.ts";
import { lineOf, viewOf } from "../line-view.ts";
import { inspectionOf } from "../plant.ts";

const AT = 1_760_000_100_000;
const HARDWARE = { make: "NVIDIA", model: "Orin NX", jetpack: null, serial: "1" };

function sceneOf(lines: readonly LineView[], changes: Partial<Scene> = {}): Scene {
  return {
    topics: sparkplugTopics("plant", "st1"),
    primaryHost: null,
    hardware: HARDWARE,
    view: viewOf(lines),
    newest: new Map(),
    now: AT,
    ...changes,
  };
}

function bornWith(scene: Scene, bdSeq = 4): { node: EdgeNode; messages: readonly NodeMessage[] } {
  return subscribed(connected(OFFLINE, bdSeq), scene);
}

const verbs = (messages: readonly NodeMessage[]): string[] =>
  messages.map(({ topic }) => topic.split("/").toSpliced(0, 2).join("/"));
const names = (message: NodeMessage | undefined): string[] =>
  message?.payload.metrics.map(({ name }) => name) ?? [];
const away = (name: string): LineView => {
  const line = lineOf(name);
  return { ...line, camera: { ...line.camera, connected: false } };
};

describe("an edge node", () => {
  // tck-id-payloads-dbirth-order, tck-id-message-flow-device-birth-publish-nbirth-wait
  it("is born with NBIRTH, then its devices whose camera is there", () => {
    const { messages } = bornWith(sceneOf([lineOf("cam1"), away("cam2"), lineOf("cam3")]));
    expect(verbs(messages)).toEqual(["NBIRTH/st1", "DBIRTH/st1/cam1", "DBIRTH/st1/cam3"]);
    expect(messages.map(({ payload }) => payload.seq)).toEqual([0, 1, 2]);
  });

  // tck-id-topics-ndata-payload, tck-id-operational-behavior-data-publish-nbirth-change, tck-id-principles-rbe-recommended
  it("reports only what has changed by more than its dead band", () => {
    const { node } = bornWith(sceneOf([]));
    const healthOf = (cpu: number, diskFreeBytes: number): Scene => {
      const view = viewOf([]);
      return sceneOf([], { view: { ...view, health: { ...view.health, cpu, diskFreeBytes } } });
    };
    expect(nodeChanges(node, healthOf(0.26, 5_050_000_000)).messages).toEqual([]);
    const first = nodeChanges(node, healthOf(0.28, 5_050_000_000));
    expect(names(first.messages[0])).toEqual(["Health/CPU Percent"]);
    expect(nodeChanges(first.node, healthOf(0.28, 5_050_000_000)).messages).toEqual([]);
  });

  it("does not lose a slow drift in the dead band: it is measured from what was published", () => {
    let { node } = bornWith(sceneOf([]));
    let sent = 0;
    for (let cpu = 0.25; cpu < 0.4; cpu += 0.01) {
      const view = viewOf([]);
      const step = nodeChanges(node, sceneOf([], { view: { ...view, health: { ...view.health, cpu } } }));
      node = step.node;
      sent += step.messages.length;
    }
    expect(sent).toBe(4); // 0.28, 0.31, 0.34, 0.37
  });

  // tck-id-topics-ddata-payload, tck-id-operational-behavior-data-publish-dbirth-change
  it("puts all that is known of a part into one DDATA, with the counters that changed", () => {
    const line = lineOf("cam1");
    const { node } = bornWith(sceneOf([line]));
    const counted = { ...line, totals: { ...line.totals, triggers: 1, ng: 1 } };
    const part = inspectionOf(7, { verdict: "NG", action: "reject", score: 0.75 });
    const { messages, taken } = inspected(node, part, sceneOf([counted]));
    expect(taken).toBe(true);
    expect(messages).toHaveLength(1);
    expect(names(messages[0])).toEqual([
      "Inspection/Result Id",
      "Inspection/Part Id",
      "Inspection/Seq",
      "Inspection/Verdict",
      "Inspection/Action",
      "Inspection/Reason",
      "Inspection/Score",
      "Inspection/Threshold",
      "Timing/Infer Ms",
      "Timing/Total Ms",
      "Counters/Triggers",
      "Counters/NG",
    ]);
  });

  it("says the score of a part without judgement is bad, and a frozen camera's values stale", () => {
    const line = lineOf("cam1");
    const { node } = bornWith(sceneOf([line]));
    const frozen = { ...line, camera: { ...line.camera, frozen: true } };
    const part = inspectionOf(1, { verdict: "ERR", action: "reject", reason: "no_frame", score: null });
    const [message] = inspected(node, part, sceneOf([frozen])).messages;
    const quality = Object.fromEntries(message!.payload.metrics.map((m) => [m.name, m.quality]));
    expect(quality["Inspection/Score"]).toBe("bad");
    expect(quality["Camera/Brightness"]).toBe("stale");
    expect(quality["Inspection/Verdict"]).toBeUndefined();
  });

  // tck-id-operational-behavior-device-ddeath
  it("publishes DDEATH when a camera goes, sends no DDATA while it is away, DBIRTH when it is back", () => {
    const { node } = bornWith(sceneOf([lineOf("cam1")]));
    const gone = inspected(node, inspectionOf(1), sceneOf([away("cam1")]));
    expect(verbs(gone.messages)).toEqual(["DDEATH/st1/cam1"]);
    expect(gone.taken).toBe(false);
    expect(isBorn(gone.node, "cam1")).toBe(false);
    const still = inspected(gone.node, inspectionOf(2), sceneOf([away("cam1")]));
    expect([still.messages, still.taken]).toEqual([[], false]);
    const back = deviceChanges(still.node, "cam1", sceneOf([lineOf("cam1")]));
    expect(verbs(back.messages)).toEqual(["DBIRTH/st1/cam1"]);
    expect(deviceChanges(back.node, "cam1", sceneOf([])).messages).toHaveLength(1); // no such camera any more
  });

  // tck-id-message-flow-edge-node-birth-publish-phid-wait, tck-id-message-flow-edge-node-birth-publish-phid-wait-online,
  // tck-id-message-flow-edge-node-birth-publish-phid-wait-timestamp,
  // tck-id-operational-behavior-edge-node-termination-host-offline-timestamp,
  // tck-id-operational-behavior-edge-node-birth-sequence-wait
  it("is born when the primary host is online, and leaves when a newer STATE says it is not", () => {
    const scene = sceneOf([], { primaryHost: "scada" });
    const waiting = subscribed(connected(OFFLINE, 0), scene);
    expect([waiting.node.phase, waiting.messages]).toEqual(["waiting", []]);
    const offline = hostState(waiting.node, { online: false, timestamp: 100 }, scene);
    expect([offline.messages, offline.leave]).toEqual([[], false]);
    const stale = hostState(offline.node, { online: true, timestamp: 99 }, scene);
    expect(stale.messages).toEqual([]);
    const online = hostState(stale.node, { online: true, timestamp: 101 }, scene);
    expect(verbs(online.messages)).toEqual(["NBIRTH/st1"]);
    const old = hostState(online.node, { online: false, timestamp: 100 }, scene);
    expect([old.messages, old.leave]).toEqual([[], false]);
    const again = hostState(old.node, { online: true, timestamp: 102 }, scene);
    expect(again.messages).toEqual([]);
    const gone = hostState(again.node, { online: false, timestamp: 102 }, scene);
    expect([verbs(gone.messages), gone.leave]).toEqual([["NDEATH/st1"], true]);
  });

  // tck-id-operational-behavior-data-publish-nbirth-order, tck-id-operational-behavior-data-publish-dbirth-order,
  // tck-id-operational-behavior-data-publish-nbirth, tck-id-operational-behavior-data-publish-dbirth,
  // tck-id-topics-nbirth-metric-reqs, tck-id-topics-dbirth-metric-reqs,
  // tck-id-payloads-sequence-num-always-included, tck-id-payloads-sequence-num-incrementing,
  // tck-id-payloads-ndata-order, tck-id-payloads-ddata-order, tck-id-principles-birth-certificates-order,
  // tck-id-case-sensitivity-metric-names, tck-id-payloads-name-requirement
  it("keeps a session's rules whatever happens", () => {
    fc.assert(
      fc.property(fc.array(happening, { maxLength: 80 }), (happenings) => {
        checkSession(played(happenings));
      }),
      { seed: 20_261_122, numRuns: 400 },
    );
  });
});

const camera = fc.constantFrom("cam1", "cam2");
const happening = fc.oneof(
  fc.record({ kind: fc.constantFrom("connect", "lose", "rebirth", "node", "leave") }),
  fc.record({
    kind: fc.constantFrom("camera", "part", "late-part", "changes"),
    camera,
    on: fc.boolean(),
    score: fc.float({ min: 0, max: 1, noNaN: true }),
  }),
);
type Happening = typeof happening extends fc.Arbitrary<infer T> ? T : never;

/** What a host gets when all of it happens one after the other; a `null` is the end of a session. */
function played(happenings: readonly Happening[]): readonly (NodeMessage | null)[] {
  const told: (NodeMessage | null)[] = [];
  const lines = new Map([
    ["cam1", lineOf("cam1")],
    ["cam2", lineOf("cam2")],
  ]);
  const newest = new Map<string, Inspection>();
  let node = OFFLINE;
  let bdSeq = 0;
  let seq = 0;
  for (const [i, happens] of happenings.entries()) {
    const scene = sceneOf([...lines.values()], { now: AT + i * 10, newest });
    const take = (step: { node: EdgeNode; messages: readonly NodeMessage[] }): void => {
      node = step.node;
      told.push(...step.messages);
    };
    if (happens.kind === "connect" && node.phase === "offline") {
      bdSeq = (bdSeq + 1) % 256;
      take(subscribed(connected(node, bdSeq), scene));
    } else if (happens.kind === "lose" || happens.kind === "leave") {
      if (happens.kind === "leave") take(died(node, scene));
      node = disconnected(node);
      told.push(null);
    } else if (happens.kind === "rebirth") take(reborn(node, scene));
    else if (happens.kind === "node") take(nodeChanges(node, scene));
    else if ("camera" in happens) {
      const { camera: name, kind, on, score } = happens;
      const line = lines.get(name)!;
      if (kind === "camera") lines.set(name, { ...line, camera: { ...line.camera, connected: on } });
      if (kind === "changes") {
        lines.set(name, { ...line, ready: on });
        take(deviceChanges(node, name, sceneOf([...lines.values()], { now: scene.now, newest })));
      }
      const part = inspectionOf((seq += 1), { camera: name, score });
      if (kind === "part") {
        newest.set(name, part);
        take(inspected(node, part, scene));
      }
      if (kind === "late-part" && isBorn(node, name)) take(historical(node, part, scene));
    }
  }
  return told;
}

/** The statements of §5 and §6 about a session, checked on what was said. */
function checkSession(told: readonly (NodeMessage | null)[]): void {
  let seq: number | null = null;
  let known = new Map<string, ReadonlySet<string>>();
  for (const message of told) {
    if (message === null) {
      seq = null;
      known = new Map();
      continue;
    }
    const [, , verb = "", , device = ""] = message.topic.split("/");
    const { payload } = message;
    const all = payload.metrics.map(({ name }) => name);
    expect(new Set(all.map((name) => name.toLowerCase())).size).toBe(all.length);
    if (verb === "NDEATH") {
      expect([payload.seq, all]).toEqual([undefined, ["bdSeq"]]);
      continue;
    }
    if (verb === "NBIRTH") {
      expect(payload.seq).toBe(0);
      known = new Map([["", new Set(all)]]);
    } else {
      expect(seq).not.toBeNull(); // a birth came first
      expect(payload.seq).toBe((seq! + 1) % 256);
      if (verb === "DBIRTH") known.set(device, new Set(all));
      else if (verb === "DDEATH") expect(known.delete(device)).toBe(true);
      else for (const name of all) expect(known.get(device)?.has(name)).toBe(true);
    }
    seq = payload.seq!;
    const times = payload.metrics.filter((m) => m.historical !== true).map(({ timestamp }) => timestamp);
    expect(times).toEqual(times.toSorted((a, b) => a - b));
  }
}
