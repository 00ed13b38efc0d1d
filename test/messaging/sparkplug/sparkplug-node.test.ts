import fc from "fast-check";
import { describe, expect, it, onTestFinished } from "vitest";
import { EmbeddedBroker } from "../../../src/messaging/embedded-broker.ts";
import { hasMosquitto } from "../mosquitto.ts";
import { inspectionOf, until } from "../plant.ts";
import { EdgePlant } from "./edge-plant.ts";
import { Host, numberOf, valueOf, type HostMessage } from "./host.ts";
import { connectOf, MqttTap, subscriptionOf, topicOf } from "./mqtt-tap.ts";

const REBIRTH = { name: "Node Control/Rebirth", type: "Boolean", value: true } as const;
const NCMD = "spBv1.0/plant/NCMD/st1";
const DCMD = "spBv1.0/plant/DCMD/st1/cam1";
const verbsOf = (messages: readonly HostMessage[]): string[] =>
  messages.map(({ verb, device }) => (device === null ? verb : `${verb} ${device}`));
const seqsOf = (messages: readonly HostMessage[]): number[] =>
  messages.filter(({ verb }) => verb !== "NDEATH").map(({ payload }) => numberOf(payload.seq));

function expectConsecutive(seqs: readonly number[]): void {
  for (const [i, seq] of seqs.entries()) if (i > 0) expect(seq).toBe((seqs[i - 1]! + 1) % 256);
}

describe.skipIf(!hasMosquitto)("the birth of an edge node", () => {
  // tck-id-topic-structure, tck-id-topic-structure-namespace-a, tck-id-topics-nbirth-topic, tck-id-topics-dbirth-topic,
  // tck-id-topic-structure-namespace-device-id-associated-message-types,
  // tck-id-topic-structure-namespace-device-id-non-associated-message-types,
  // tck-id-topics-nbirth-mqtt, tck-id-topics-dbirth-mqtt, tck-id-topics-nbirth-seq-num, tck-id-topics-dbirth-seq,
  // tck-id-topics-nbirth-timestamp, tck-id-topics-dbirth-timestamp, tck-id-topics-nbirth-metrics, tck-id-topics-dbirth-metrics,
  // tck-id-topics-nbirth-bdseq-included, tck-id-topics-nbirth-rebirth-metric, tck-id-payloads-nbirth-timestamp,
  // tck-id-payloads-nbirth-seq, tck-id-payloads-nbirth-bdseq, tck-id-payloads-nbirth-rebirth-req, tck-id-payloads-nbirth-qos,
  // tck-id-payloads-nbirth-retain, tck-id-payloads-dbirth-timestamp, tck-id-payloads-dbirth-seq,
  // tck-id-payloads-dbirth-seq-inc, tck-id-payloads-dbirth-qos, tck-id-payloads-dbirth-retain,
  // tck-id-payloads-sequence-num-zero-nbirth, tck-id-payloads-metric-datatype-req,
  // tck-id-payloads-name-birth-data-requirement, tck-id-payloads-timestamp-in-UTC,
  // tck-id-payloads-metric-timestamp-in-UTC, tck-id-operational-behavior-data-commands-rebirth-name,
  // tck-id-operational-behavior-data-commands-rebirth-name-aliases,
  // tck-id-operational-behavior-data-commands-rebirth-datatype, tck-id-operational-behavior-data-commands-rebirth-value,
  // tck-id-message-flow-edge-node-birth-publish-nbirth-topic, tck-id-message-flow-edge-node-birth-publish-nbirth-payload,
  // tck-id-message-flow-edge-node-birth-publish-nbirth-payload-bdSeq,
  // tck-id-message-flow-edge-node-birth-publish-nbirth-qos, tck-id-message-flow-edge-node-birth-publish-nbirth-retained,
  // tck-id-message-flow-edge-node-birth-publish-nbirth-payload-seq,
  // tck-id-message-flow-device-birth-publish-dbirth-topic,
  // tck-id-message-flow-device-birth-publish-dbirth-match-edge-node-topic,
  // tck-id-message-flow-device-birth-publish-dbirth-payload, tck-id-message-flow-device-birth-publish-dbirth-qos,
  // tck-id-message-flow-device-birth-publish-dbirth-retained, tck-id-message-flow-device-birth-publish-dbirth-payload-seq
  it("names every metric with type, value and time on node and devices", async () => {
    const plant = await EdgePlant.start();
    const before = Date.now();
    await plant.born(plant.node());
    const { messages } = plant.host;
    expect(messages.map(({ topic }) => topic)).toEqual([
      "spBv1.0/plant/NBIRTH/st1",
      "spBv1.0/plant/DBIRTH/st1/cam1",
      "spBv1.0/plant/DBIRTH/st1/cam2",
    ]);
    expect(seqsOf(messages)).toEqual([0, 1, 2]);
    for (const { packet, payload, metrics } of messages) {
      expect([packet.qos, packet.retain]).toEqual([0, false]);
      expect(numberOf(payload.timestamp)).toBeGreaterThanOrEqual(before);
      expect(metrics.size).toBe(payload.metrics?.length);
      for (const metric of metrics.values()) {
        expect(metric.type).toBeTruthy();
        expect(metric.value).toBeDefined();
        expect(numberOf(metric.timestamp)).toBeGreaterThan(1_700_000_000_000); // UTC, epoch ms
        expect(Object.hasOwn(metric, "alias") ? metric.alias : null).toBeNull();
      }
    }
    const birth = messages[0];
    expect(birth?.metrics.get("bdSeq")).toMatchObject({ type: "Int64" });
    expect(valueOf(birth, "bdSeq")).toBe(0);
    expect(birth?.metrics.get("Node Control/Rebirth")).toMatchObject({ type: "Boolean", value: false });
    expect([...(birth?.metrics.keys() ?? [])]).toEqual(NODE_METRICS);
    expect([...(messages[1]?.metrics.keys() ?? [])].toSorted()).toEqual(DEVICE_METRICS.toSorted());
  });

  // tck-id-operational-behavior-data-publish-nbirth-values, tck-id-operational-behavior-data-publish-dbirth-values
  it("gives values as they are, and null where there is none", async () => {
    const plant = await EdgePlant.start();
    await plant.born(plant.node());
    const [birth, device] = plant.host.messages;
    expect(valueOf(birth, "Health/CPU Percent")).toBe(25);
    expect(birth?.metrics.get("Health/GPU Percent")).toMatchObject({ type: "Float", value: null });
    expect(valueOf(birth, "Health/Disk Free Bytes")).toBe(5_000_000_000);
    expect(valueOf(birth, "Properties/SW Version")).toBe("1.2.3");
    expect(valueOf(device, "State/Vision State")).toBe(8); // OPC 40100-1 ContinuousExecution
    expect(valueOf(device, "Device Control/Threshold")).toBe(0.5);
    expect(valueOf(device, "Recipe/Id")).toBe("gear");
    expect(device?.metrics.get("Inspection/Seq")).toMatchObject({ type: "UInt64", value: null });
  });

  // tck-id-message-flow-edge-node-birth-publish-connect, tck-id-message-flow-edge-node-birth-publish-will-message,
  // tck-id-message-flow-edge-node-birth-publish-will-message-qos,
  // tck-id-message-flow-edge-node-birth-publish-will-message-will-retained,
  // tck-id-payloads-ndeath-will-message, tck-id-payloads-ndeath-will-message-qos,
  // tck-id-payloads-ndeath-will-message-retain, tck-id-principles-persistence-clean-session-50,
  // tck-id-principles-persistence-clean-session-311, tck-id-message-flow-edge-node-ncmd-subscribe,
  // tck-id-message-flow-device-dcmd-subscribe
  it.each([4, 5] as const)(
    "comes after CONNECT with a will and its subscriptions, MQTT %i",
    async (version) => {
      const plant = await EdgePlant.start();
      const tap = await MqttTap.to(plant.broker!.port);
      onTestFinished(() => {
        tap.stop();
      });
      await plant.born(plant.node({}, { url: tap.url, protocolVersion: version }));
      expect(connectOf(tap.of("CONNECT")[0]!)).toEqual({
        version,
        clean: true,
        will: true,
        willQos: 1,
        willRetain: false,
        sessionExpiryS: version === 5 ? 0 : null,
      });
      expect(tap.of("SUBSCRIBE").map((packet) => subscriptionOf(packet, version))).toEqual([
        { filter: NCMD, qos: 1 },
        { filter: "spBv1.0/plant/DCMD/st1/+", qos: 1 },
      ]);
      const kinds = tap.packets.map(({ kind }) => kind);
      expect(kinds.indexOf("PUBLISH")).toBeGreaterThan(kinds.lastIndexOf("SUBSCRIBE"));
      expect(topicOf(tap.of("PUBLISH")[0]!)).toBe("spBv1.0/plant/NBIRTH/st1");
    },
  );

  // tck-id-message-flow-edge-node-birth-publish-phid-wait-id, tck-id-message-flow-edge-node-birth-publish-phid-offline,
  // tck-id-operational-behavior-edge-node-termination-host-offline,
  // tck-id-operational-behavior-edge-node-termination-host-offline-reconnect,
  // tck-id-operational-behavior-primary-application-state-with-multiple-servers-single-server
  it("waits for its primary host, dies with it, and is born again with the next bdSeq", async () => {
    const plant = await EdgePlant.start();
    const { host } = plant;
    const node = plant.node({ config: { group: "plant", node: "edge7", primaryHost: "scada" } });
    await host.state("other", { online: true, timestamp: 1 });
    await host.state("scada", "not JSON");
    node.start();
    await until("it waits", () => node.stats.phase === "waiting");
    node.inspected(inspectionOf(1));
    await host.state("scada", { online: true, timestamp: 1000 });
    await until("the births and the part missed", () => host.of("DDATA", "cam1").length === 1);
    expect(host.messages[0]?.topic).toBe("spBv1.0/plant/NBIRTH/edge7");
    expect(host.last("DDATA", "cam1")?.metrics.get("Inspection/Seq")).toMatchObject({ isHistorical: true });
    await host.state("scada", { online: false, timestamp: 999 }); // older than what we know
    await host.state("scada", { online: false, timestamp: 1001 });
    await until("the death", () => host.of("NDEATH").length > 0);
    await until("it waits anew", () => node.stats.phase === "waiting");
    expect(host.of("NBIRTH")).toHaveLength(1);
    await host.state("scada", { online: true, timestamp: 1002 });
    await until("the second birth", () => host.of("NBIRTH").length === 2);
    expect(valueOf(host.of("NDEATH")[0], "bdSeq")).toBe(0);
    expect(valueOf(host.last("NBIRTH"), "bdSeq")).toBe(1);
  });
});

describe.skipIf(!hasMosquitto)("the data of an edge node", () => {
  // tck-id-topics-ddata-topic, tck-id-topics-ddata-mqtt, tck-id-topics-ddata-seq-num, tck-id-topics-ddata-timestamp,
  // tck-id-payloads-ddata-timestamp, tck-id-payloads-ddata-seq, tck-id-payloads-ddata-seq-inc,
  // tck-id-payloads-ddata-qos, tck-id-payloads-ddata-retain
  it("is one DDATA a part; seq goes from 255 to 0", async () => {
    const plant = await EdgePlant.start();
    const node = plant.node();
    await plant.born(node);
    const { host } = plant;
    for (let seq = 1; seq <= 300; seq += 1) {
      node.inspected(inspectionOf(seq, { camera: seq % 2 === 0 ? "cam1" : "cam2", partId: `p${seq}` }));
    }
    await until("300 parts", () => host.of("DDATA", "cam1").length + host.of("DDATA", "cam2").length === 300);
    expectConsecutive(seqsOf(host.messages));
    expect(host.of("DDATA", "cam1").map((message) => valueOf(message, "Inspection/Seq"))).toEqual(
      Array.from({ length: 150 }, (_, i) => 2 * (i + 1)),
    );
    const last = host.last("DDATA", "cam1");
    expect([last?.packet.qos, last?.packet.retain]).toEqual([0, false]);
    expect(valueOf(last, "Inspection/Part Id")).toBe("p300");
    expect(valueOf(last, "Inspection/Verdict")).toBe(0);
    expect(valueOf(last, "Inspection/Score")).toBe(0.25);
  });

  it("joins what changes of a line within 100 ms, and says nothing where nothing did", async () => {
    const plant = await EdgePlant.start();
    const node = plant.node();
    await plant.born(node);
    node.lineChanged("cam2");
    plant.change("cam1", { ready: false });
    node.lineChanged("cam1");
    plant.change("cam1", { fault: { code: "camera-stalled", text: "…", since: "2026-01-01T00:00:00Z" } });
    node.lineChanged("cam1");
    await until("a DDATA", () => plant.host.of("DDATA", "cam1").length > 0);
    expect([...(plant.host.last("DDATA", "cam1")?.metrics.keys() ?? [])]).toEqual([
      "State/Ready",
      "State/Fault",
      "State/Fault Code",
    ]);
    expect(plant.host.of("DDATA", "cam2")).toEqual([]);
  });

  // tck-id-topics-ndata-topic, tck-id-topics-ndata-mqtt, tck-id-topics-ndata-seq-num, tck-id-topics-ndata-timestamp,
  // tck-id-payloads-ndata-timestamp, tck-id-payloads-ndata-seq, tck-id-payloads-ndata-seq-inc, tck-id-payloads-ndata-qos,
  // tck-id-payloads-ndata-retain
  it("of the node itself is NDATA, in the same sequence", async () => {
    const plant = await EdgePlant.start();
    const node = plant.node();
    await plant.born(node);
    const { host } = plant;
    node.inspected(inspectionOf(1));
    plant.job = { id: "job-1", stage: "distill", progress: 12.5 };
    node.lineChanged("cam1");
    await until("NDATA", () => host.of("NDATA").length === 1);
    const message = host.last("NDATA");
    expect([message?.topic, message?.packet.qos, message?.packet.retain]).toEqual([
      "spBv1.0/plant/NDATA/st1",
      0,
      false,
    ]);
    expect(numberOf(message?.payload.timestamp)).toBeGreaterThan(1_700_000_000_000);
    expect([...(message?.metrics.keys() ?? [])]).toEqual(["Job/Id", "Job/Stage", "Job/Progress"]);
    expectConsecutive(seqsOf(host.messages));
  });

  // tck-id-topics-ddeath-topic, tck-id-topics-ddeath-mqtt, tck-id-topics-ddeath-seq-num, tck-id-payloads-ddeath-timestamp,
  // tck-id-payloads-ddeath-seq, tck-id-payloads-ddeath-seq-inc, tck-id-payloads-ddeath-seq-number
  it("ends with a camera's DDEATH; parts judged meanwhile come as historical after its DBIRTH", async () => {
    const plant = await EdgePlant.start();
    const node = plant.node();
    await plant.born(node);
    const { host } = plant;
    plant.setConnected("cam1", false);
    node.lineChanged("cam1");
    await until("DDEATH", () => host.of("DDEATH", "cam1").length === 1);
    const death = host.last("DDEATH", "cam1");
    expect([death?.topic, death?.packet.qos, death?.packet.retain, death?.metrics.size]).toEqual([
      "spBv1.0/plant/DDEATH/st1/cam1",
      0,
      false,
      0,
    ]);
    expect(numberOf(death?.payload.timestamp)).toBeGreaterThan(1_700_000_000_000);
    const err = { verdict: "ERR", action: "reject", reason: "no_frame", score: null } as const;
    node.inspected(inspectionOf(1, err));
    node.inspected(inspectionOf(2, err));
    plant.setConnected("cam1", true);
    node.lineChanged("cam1");
    await until("what was missed", () => host.of("DDATA", "cam1").length === 2);
    expect(verbsOf(host.messages).slice(-4)).toEqual([
      "DDEATH cam1",
      "DBIRTH cam1",
      "DDATA cam1",
      "DDATA cam1",
    ]);
    for (const message of host.of("DDATA", "cam1")) {
      for (const metric of message.metrics.values()) expect(metric.isHistorical).toBe(true);
    }
    expectConsecutive(seqsOf(host.messages));
  });

  // tck-id-topics-ndeath-topic, tck-id-topics-ndeath-payload, tck-id-topics-ndeath-seq, tck-id-payloads-ndeath-seq,
  // tck-id-payloads-ndeath-bdseq, tck-id-topics-nbirth-bdseq-matching, tck-id-payloads-nbirth-bdseq-repeat,
  // tck-id-message-flow-edge-node-birth-publish-will-message-topic,
  // tck-id-message-flow-edge-node-birth-publish-will-message-payload
  it("ends with the will when the cable breaks; it is born again and nothing is missed", async () => {
    const plant = await EdgePlant.start();
    const { host } = plant;
    const tap = await MqttTap.to(plant.broker!.port);
    onTestFinished(() => {
      tap.stop();
    });
    const node = plant.node({}, { url: tap.url });
    await plant.born(node);
    tap.cut();
    await until("the will", () => host.of("NDEATH").length === 1);
    const death = host.last("NDEATH");
    expect(death?.topic).toBe("spBv1.0/plant/NDEATH/st1");
    expect([...(death?.metrics.keys() ?? [])]).toEqual(["bdSeq"]);
    expect(valueOf(death, "bdSeq")).toBe(valueOf(host.of("NBIRTH")[0], "bdSeq"));
    expect(Object.hasOwn(death!.payload, "seq") ? death!.payload.seq : null).toBeNull();
    node.inspected(inspectionOf(1));
    await until("the part missed", () => host.of("DDATA", "cam1").length === 1);
    expect(valueOf(host.last("NBIRTH"), "bdSeq")).toBe(1);
    const late = await Host.to(plant.broker!.url);
    onTestFinished(() => late.end());
    await until("nothing retained", () => late.connected);
    expect(late.messages).toEqual([]);
  });

  it("comes back after kill -9 of the broker: every part arrives in order, the missed ones marked", async () => {
    const plant = await EdgePlant.start();
    const { host } = plant;
    const broker = plant.broker!;
    // a primary host makes sure that the host listens again before anything is sent
    const node = plant.node({ config: { group: "plant", node: null, primaryHost: "scada" } });
    await host.state("scada", { online: true, timestamp: 1 });
    await plant.born(node);
    node.inspected(inspectionOf(1));
    await until("part 1", () => host.of("DDATA", "cam1").length === 1);
    await broker.kill();
    await until("it knows", () => node.stats.phase === "offline");
    for (let seq = 2; seq <= 40; seq += 1) node.inspected(inspectionOf(seq));
    plant.setConnected("cam2", false); // a camera dies while nobody listens
    node.lineChanged("cam2");
    await broker.restart();
    await until("both are back", () => host.connected && node.stats.phase === "waiting");
    await host.state("scada", { online: true, timestamp: 2 });
    await until("a second birth", () => host.of("NBIRTH").length === 2);
    await until("nothing waits", () => node.stats.waiting === 0);
    node.inspected(inspectionOf(41));
    await until("part 41", () => valueOf(host.last("DDATA", "cam1"), "Inspection/Seq") === 41);
    const again = host.messages.slice(host.messages.indexOf(host.last("NBIRTH")!));
    expect(verbsOf(again).slice(0, 2)).toEqual(["NBIRTH", "DBIRTH cam1"]);
    expect(verbsOf(again)).not.toContain("DBIRTH cam2");
    expectConsecutive(seqsOf(again));
    const parts = again.filter(({ verb }) => verb === "DDATA");
    // part 1 went out shortly before: whether it arrived cannot be known, so it comes again
    expect(parts.map((part) => valueOf(part, "Inspection/Seq"))).toEqual(
      Array.from({ length: 41 }, (_, i) => i + 1),
    );
    const marked = parts.map(({ metrics }) => metrics.get("Inspection/Seq")?.isHistorical === true);
    expect(marked.indexOf(false)).toBe(40);
    // attempts that found no broker used no number
    expect(host.of("NBIRTH").map((birth) => valueOf(birth, "bdSeq"))).toEqual([0, 1]);
    expect(node.stats).toEqual({ phase: "online", waiting: 0, dropped: 0 });
  });
});

describe.skipIf(!hasMosquitto)("the wanted end of an edge node", () => {
  // tck-id-operational-behavior-edge-node-intentional-disconnect-ndeath,
  // tck-id-operational-behavior-edge-node-intentional-disconnect-packet, tck-id-payloads-ndeath-will-message-publisher,
  // tck-id-payloads-ndeath-will-message-publisher-disconnect-mqtt311,
  // tck-id-payloads-ndeath-will-message-publisher-disconnect-mqtt50
  it.each([4, 5] as const)("is NDEATH, then DISCONNECT, MQTT %i", async (version) => {
    const plant = await EdgePlant.start();
    const tap = await MqttTap.to(plant.broker!.port);
    onTestFinished(() => {
      tap.stop();
    });
    const node = plant.node({}, { url: tap.url, protocolVersion: version });
    await plant.born(node);
    await node.stop();
    await until("NDEATH", () => plant.host.of("NDEATH").length > 0);
    const [death, end] = tap.packets.slice(-2);
    expect([topicOf(death!), death?.qos, death?.retain]).toEqual(["spBv1.0/plant/NDEATH/st1", 1, false]);
    expect(end?.kind).toBe("DISCONNECT");
    // 0x04: the broker sends the will too
    expect(end?.body[0]).toBe(version === 5 ? 4 : undefined);
    expect(valueOf(plant.host.last("NDEATH"), "bdSeq")).toBe(0);
  });

  it("keeps bdSeq for the next start, and what was judged in between", async () => {
    const plant = await EdgePlant.start();
    const node = plant.node();
    await plant.born(node);
    await node.stop();
    node.inspected(inspectionOf(1));
    await plant.born(node);
    expect(valueOf(plant.host.last("NBIRTH"), "bdSeq")).toBe(1);
    await until("the part", () => plant.host.of("DDATA", "cam1").length === 1);
    await node.stop();
    await plant.born(plant.node());
    expect(valueOf(plant.host.last("NBIRTH"), "bdSeq")).toBe(2);
  });
});

describe.skipIf(!hasMosquitto)("commands of a host", () => {
  // tck-id-topics-ncmd-topic, tck-id-operational-behavior-data-commands-ncmd-verb,
  // tck-id-operational-behavior-data-commands-ncmd-rebirth-verb,
  // tck-id-operational-behavior-data-commands-rebirth-action-1, tck-id-operational-behavior-data-commands-rebirth-action-2,
  // tck-id-operational-behavior-data-commands-rebirth-action-3
  it("for a rebirth give NBIRTH and DBIRTHs with the same bdSeq, even while births and data go out", async () => {
    const plant = await EdgePlant.start();
    const node = plant.node();
    const { host } = plant;
    node.start();
    await until("the first birth", () => host.of("NBIRTH").length === 1);
    const asked = [host.command(NCMD, [REBIRTH]), host.command(NCMD, [REBIRTH])];
    for (let seq = 1; seq <= 50; seq += 1) node.inspected(inspectionOf(seq));
    await Promise.all(asked);
    await until(
      "three births",
      () => host.of("NBIRTH").length === 3 && host.of("DBIRTH", "cam2").length === 3,
    );
    node.inspected(inspectionOf(51));
    await until("the last part", () => valueOf(host.last("DDATA", "cam1"), "Inspection/Seq") === 51);
    expect(new Set(host.of("NBIRTH").map((birth) => valueOf(birth, "bdSeq")))).toEqual(new Set([0]));
    for (const birth of host.of("NBIRTH")) {
      const at = host.messages.indexOf(birth);
      expect(verbsOf(host.messages.slice(at, at + 3))).toEqual(["NBIRTH", "DBIRTH cam1", "DBIRTH cam2"]);
      expect(seqsOf(host.messages.slice(at, at + 3))).toEqual([0, 1, 2]);
    }
    expect(host.of("DDATA", "cam1")).toHaveLength(51);
  });

  it("for rebirths without end are refused beyond five at once", async () => {
    const plant = await EdgePlant.start();
    await plant.born(plant.node());
    for (let i = 0; i < 40; i += 1) await plant.host.command(NCMD, [REBIRTH]);
    await until("refusals", () => plant.audits.some(({ code }) => code === "busy"));
    expect(plant.host.of("NBIRTH").length).toBeLessThan(20);
  });

  // tck-id-topics-dcmd-topic, tck-id-operational-behavior-data-commands-dcmd-verb,
  // tck-id-operational-behavior-data-commands-dcmd-metric-name,
  // tck-id-operational-behavior-data-commands-dcmd-metric-value
  it("to a device are done in their order and audited", async () => {
    const plant = await EdgePlant.start();
    await plant.born(plant.node());
    await plant.host.command(DCMD, [
      { name: "Device Control/Stop", type: "Boolean", value: true },
      { name: "Device Control/Reset", type: "Boolean", value: true },
      { name: "Device Control/Recipe Select", type: "String", value: "bottle" },
      { name: "Device Control/Threshold", type: "Float", value: 0.75 },
      { name: "Device Control/Counters Reset", type: "Boolean", value: true },
      { name: "Device Control/Train Start", type: "Boolean", value: true },
      { name: "Device Control/Start", type: "Boolean", value: true },
    ]);
    await until("seven are done", () => plant.actions.calls.length === 7);
    expect(plant.actions.calls).toEqual([
      "stop cam1 sparkplug",
      "reset cam1 sparkplug",
      "selectRecipe cam1 bottle sparkplug",
      "setThreshold cam1 0.75 0.25 sparkplug",
      "resetCounters cam1 sparkplug",
      "startTraining cam1 sparkplug",
      "start cam1 sparkplug",
    ]);
    await until("audits", () => plant.audits.length === 7);
    expect(plant.audits.every(({ kind, camera }) => kind === "command.done" && camera === "cam1")).toBe(true);
  });

  it("that cannot be done are refused with a word, and the node goes on", async () => {
    const plant = await EdgePlant.start();
    const { host } = plant;
    await plant.born(plant.node());
    const start = { name: "Device Control/Start", type: "Boolean", value: true } as const;
    await host.raw(NCMD, "garbage");
    await host.raw(NCMD, "");
    await host.raw(DCMD, Buffer.alloc(70_000));
    await host.command("spBv1.0/plant/DCMD/st1/cam9", [start]);
    await host.command(DCMD, [{ name: "Device Control/Recipe Select", type: "String", value: "missing" }]);
    await host.command(DCMD, [{ name: "Device Control/Threshold", type: "Float", value: 0.1 }]);
    await host.command(NCMD, [{ name: "Node Control/Reboot", type: "Boolean", value: true }]);
    await host.command(NCMD, [REBIRTH]);
    await until("the rebirth", () => host.of("NBIRTH").length === 2);
    await until("the refusals", () => plant.audits.length >= 7);
    expect(plant.audits.map(({ code }) => code).toSorted()).toEqual([
      "no-such-camera",
      "no-such-recipe",
      "not-allowed",
      "sparkplug-payload",
      "sparkplug-payload",
      "sparkplug-payload",
      "sparkplug-value",
    ]);
    expect(plant.actions.calls).toEqual([]);
  });

  it("that are any bytes, 3,000 of them, leave it working", async () => {
    const plant = await EdgePlant.start();
    const { host } = plant;
    await plant.born(plant.node());
    const payloads = fc.sample(fc.uint8Array({ maxLength: 300 }), { seed: 20_261_122, numRuns: 3000 });
    for (const [i, bytes] of payloads.entries())
      await host.raw(i % 2 === 0 ? NCMD : DCMD, Buffer.from(bytes));
    await host.command(DCMD, [{ name: "Device Control/Reset", type: "Boolean", value: true }]);
    await until("the reset", () => plant.actions.calls.length > 0);
    expect(plant.actions.calls).toEqual(["reset cam1 sparkplug"]);
    expect(plant.audits.length).toBeLessThan(100); // a flood fills neither log nor store
  });

  it("that are retained are refused: they would be done again on each connect", async () => {
    const plant = await EdgePlant.start();
    const stop = { name: "Device Control/Stop", type: "Boolean", value: true } as const;
    await plant.host.command(DCMD, [stop], { retain: true });
    await plant.born(plant.node());
    await until("the refusal", () => plant.audits.length === 1);
    expect(plant.audits[0]).toMatchObject({ kind: "command.refused", code: "retained", camera: "cam1" });
    expect(plant.actions.calls).toEqual([]);
  });

  it("to reboot are done where that is allowed", async () => {
    const plant = await EdgePlant.start();
    const onReboot = (): void => {
      plant.reboots += 1;
    };
    await plant.born(plant.node({ onReboot }));
    await plant.host.command(NCMD, [{ name: "Node Control/Reboot", type: "Boolean", value: true }]);
    await until("the reboot", () => plant.reboots === 1);
    expect(plant.audits).toMatchObject([{ kind: "command.done", command: "Node Control/Reboot" }]);
  });
});

describe("an edge node on the embedded broker", () => {
  it("is born, tells of parts, takes commands, and dies", async () => {
    const broker = new EmbeddedBroker("127.0.0.1", 0);
    await broker.start();
    onTestFinished(() => broker.stop());
    const plant = await EdgePlant.on(broker.url);
    const { host } = plant;
    const node = plant.node({}, { protocolVersion: 4 });
    await plant.born(node);
    node.inspected(inspectionOf(1));
    await host.command(DCMD, [{ name: "Device Control/Reset", type: "Boolean", value: true }]);
    await until("part and command", () => {
      return host.of("DDATA", "cam1").length === 1 && plant.actions.calls.length === 1;
    });
    await node.stop();
    await until("NDEATH", () => host.of("NDEATH").length === 1);
    expect(verbsOf(host.messages)).toEqual(["NBIRTH", "DBIRTH cam1", "DBIRTH cam2", "DDATA cam1", "NDEATH"]);
  });
});

const NODE_METRICS = [
  "bdSeq",
  ...["Rebirth", "Reboot"].map((name) => `Node Control/${name}`),
  ...["Hardware Make", "Hardware Model", "SW Version", "JetPack", "Serial"].map(
    (name) => `Properties/${name}`,
  ),
  ...["CPU Percent", "GPU Percent", "GPU Temp C", "Disk Free Bytes", "Outbox Depth", "Uptime S"].map(
    (name) => `Health/${name}`,
  ),
  ...["Id", "Stage", "Progress"].map((name) => `Job/${name}`),
];

const DEVICE_FOLDERS = {
  State: ["Vision State", "Ready", "Busy", "Fault", "Fault Code"],
  Inspection: ["Result Id", "Part Id", "Seq", "Verdict", "Action", "Reason", "Score", "Threshold"],
  Timing: ["Infer Ms", "Total Ms", "P95 Ms", "Late Count"],
  Counters: ["Triggers", "OK", "NG", "WARN", "ERR", "Missed"],
  Recipe: ["Id", "Version", "Hash"],
  Model: ["Id", "Hash"],
  Camera: ["Connected", "Frame Age Ms", "Sharpness", "Brightness"],
  "Device Control": ["Start", "Stop", "Reset", "Recipe Select", "Threshold", "Counters Reset", "Train Start"],
};
const DEVICE_METRICS = Object.entries(DEVICE_FOLDERS).flatMap(([folder, list]) =>
  list.map((name) => `${folder}/${name}`),
);
