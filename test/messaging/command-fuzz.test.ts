import { afterEach, describe, expect, it, onTestFinished } from "vitest";
import type { BrokerConfig } from "../../src/config/schema.ts";
import { COMMAND_EXAMPLES } from "../../src/messaging/reference/examples.ts";
import { COMMAND_NAMES, responseSchema } from "../../src/messaging/schemas/command.ts";
import { hasMosquitto, Mosquitto } from "./mosquitto.ts";
import { openMessenger, ROOT, Subscriber, until } from "./plant.ts";

const MESSAGES = Number(process.env.FUZZ_MESSAGES ?? 20_000);
const WINDOW = 200;

/** Numbers 0..1 that are the same in every run (mulberry32). */
function randoms(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A valid command with some bytes changed, taken out or put in. */
function mutant(random: () => number): { readonly name: string; readonly payload: Buffer } {
  const pick = (limit: number): number => Math.floor(random() * limit);
  const name = COMMAND_NAMES[pick(COMMAND_NAMES.length)] ?? "trigger";
  const example = { ...COMMAND_EXAMPLES[name], expires: null }; // what has expired is not answered
  const bytes = [...Buffer.from(JSON.stringify(example))];
  const changes = pick(6);
  for (let change = 0; change < changes; change += 1) {
    const at = pick(bytes.length + 1);
    const kind = pick(4);
    if (kind === 0) bytes[Math.min(at, bytes.length - 1)] = pick(256);
    else if (kind === 1) bytes.splice(at, 1 + pick(4));
    else if (kind === 2) bytes.splice(at, 0, ...Array.from({ length: 1 + pick(4) }, () => pick(256)));
    else bytes.splice(at, 0, ...bytes.slice(0, pick(bytes.length))); // repeated parts: doubled keys, nested objects
  }
  const known = random() < 0.95;
  return { name: known ? name : `x${name.slice(0, pick(9))}%00${pick(100)}`, payload: Buffer.from(bytes) };
}

// promises.md S1 and S2
describe.skipIf(!hasMosquitto)("commands through a real broker", () => {
  const rejections: unknown[] = [];
  const remember = (reason: unknown): void => void rejections.push(reason);
  process.on("unhandledRejection", remember);
  afterEach(() => process.off("unhandledRejection", remember));

  it(`answers each of ${MESSAGES} mutants with its correlation data, and neither falls nor falls silent`, async () => {
    const broker = await Mosquitto.start(() => ["allow_anonymous true", "max_queued_messages 0"]);
    onTestFinished(() => broker.stop());
    const config: BrokerConfig = { kind: "external", url: broker.url, protocolVersion: 5, keepaliveS: 10 };
    const messenger = await openMessenger(config);
    onTestFinished(() => messenger.stop());
    await messenger.start();
    await until("connected", () => messenger.connected);

    const plant = await Subscriber.to(broker.url, `${ROOT}/rsp/mine`, { protocolVersion: 5 });
    onTestFinished(() => plant.end());
    const answered = new Map<string, string>();
    plant.client.on("message", (_topic, payload, { properties }) => {
      const { status } = responseSchema.parse(JSON.parse(payload.toString()));
      answered.set(properties?.correlationData?.toString() ?? "", status);
      plant.messages.length = 0;
    });
    const random = randoms(1);
    for (let at = 0; at < MESSAGES; at += 1) {
      const { name, payload } = mutant(random);
      const properties = { responseTopic: `${ROOT}/rsp/mine`, correlationData: Buffer.from(String(at)) };
      plant.client.publish(`${ROOT}/cmd/${name}`, payload, { qos: 0, properties });
      if (at % WINDOW === 0) await until("answers", () => answered.size >= at - WINDOW, 60_000);
    }
    await until("every answer", () => answered.size === MESSAGES, 60_000);
    const statuses = [...answered.values()];
    expect(statuses.filter((status) => status === "error").length).toBeGreaterThan(MESSAGES / 3);
    expect(statuses).toContain("ok");
    expect(messenger.connected).toBe(true);
    expect(rejections).toEqual([]);
  }, 300_000);

  it("refuses 1 MB in words, and its memory does not grow by more than 50 MiB", async () => {
    const broker = await Mosquitto.start();
    onTestFinished(() => broker.stop());
    const config: BrokerConfig = { kind: "external", url: broker.url, protocolVersion: 5, keepaliveS: 10 };
    const messenger = await openMessenger(config);
    onTestFinished(() => messenger.stop());
    await messenger.start();
    await until("connected", () => messenger.connected);
    const plant = await Subscriber.to(broker.url, `${ROOT}/rsp/#`, { protocolVersion: 5 });
    onTestFinished(() => plant.end());
    const before = process.memoryUsage.rss();
    const large = Buffer.alloc(1_000_000, 0x5b);
    for (let at = 0; at < 20; at += 1) {
      await plant.client.publishAsync(`${ROOT}/cmd/trigger`, large, { qos: 1 });
    }
    await until("answers", () => plant.on("rsp/trigger").length === 20);
    expect(plant.on("rsp/trigger").every(({ text }) => text.includes('"too-large"'))).toBe(true);
    expect(process.memoryUsage.rss() - before).toBeLessThan(50 * 1024 * 1024);
    await plant.client.publishAsync(`${ROOT}/cmd/trigger`, Buffer.alloc(2_000_000), { qos: 1 }); // the broker keeps it from us
    await plant.client.publishAsync(`${ROOT}/cmd/trigger`, "{}", { qos: 1 });
    await until("answer", () => plant.on("rsp/trigger").length === 21);
    expect(plant.json("rsp/trigger").at(-1)).toMatchObject({ status: "ok" });
  }, 60_000);
});
