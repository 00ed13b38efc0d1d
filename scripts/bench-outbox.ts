import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { connectAsync } from "mqtt";
import { pino } from "pino";
import { imagesSchema } from "../src/config/schema.ts";
import { Messenger } from "../src/messaging/messenger.ts";
import { CONTEXT, echoHandlers, inspectionOf, until } from "../test/messaging/plant.ts";
import { Mosquitto } from "../test/messaging/mosquitto.ts";

/**
 * The outbox with a real mosquitto that is away (promises.md R5): results are queued, then drained.
 *
 *     node scripts/bench-outbox.ts --results 70000
 */

const HELD = 5000; // rows handed over at once: half of what the store keeps in memory
const ROOT = "assay/v1/bench";

const { values } = parseArgs({ options: { results: { type: "string", default: "70000" } } });
const results = Number(values.results);
const folder = mkdtempSync(join(tmpdir(), "assayd-bench-outbox-"));
const broker = await Mosquitto.start(() => ["allow_anonymous true", "max_queued_messages 0"]);
await broker.kill();

const messenger = await Messenger.open({
  station: "bench",
  root: ROOT,
  session: crypto.randomUUID(),
  software: "bench",
  cameras: ["cam1"],
  broker: { kind: "external", url: broker.url, protocolVersion: 5, keepaliveS: 10 },
  images: imagesSchema.parse({}),
  store: { file: join(folder, "assayd.db"), maxMessages: 2 * results, historyDays: 30 },
  handlers: echoHandlers(),
  credentialsDirectory: null,
  logger: pino({ level: "silent" }),
  now: Date.now,
  random: randomBytes,
  onFault: () => undefined,
});

const queuedFrom = performance.now();
let slowestMs = 0;
for (let seq = 1; seq <= results; seq += 1) {
  const began = performance.now();
  messenger.deliver(inspectionOf(seq, { camera: "cam1" }), CONTEXT, null);
  slowestMs = Math.max(slowestMs, performance.now() - began);
  if (seq % HELD === 0) await messenger.store.flush(60_000);
}
await messenger.store.flush(60_000);
const queuedS = (performance.now() - queuedFrom) / 1000;

await broker.restart();
const seqs: number[] = [];
const plant = await connectAsync(broker.url);
plant.on("message", (_topic, payload) => {
  seqs.push((JSON.parse(payload.toString()) as { seq: number }).seq);
});
await plant.subscribeAsync(`${ROOT}/cam/cam1/result`, { qos: 1 });
const drainedFrom = performance.now();
await messenger.start();
await until("drained", () => seqs.length >= results && messenger.stats.queued === 0, 300_000);
const drainedS = (performance.now() - drainedFrom) / 1000;

const lost = results - new Set(seqs).size;
const outOfOrder = seqs.filter((seq, at) => at > 0 && seq < (seqs[at - 1] ?? 0)).length;
process.stdout.write(
  `${results} results queued with the broker away: ${Math.round(results / queuedS)} a second, slowest hand-over ${slowestMs.toFixed(1)} ms\n` +
    `drained in ${drainedS.toFixed(1)} s: ${Math.round(results / drainedS)} a second; lost ${lost}, out of order ${outOfOrder}, ` +
    `duplicates ${seqs.length - new Set(seqs).size}\n`,
);
process.exitCode = lost === 0 && outOfOrder === 0 ? 0 : 1;

await plant.endAsync(true);
await messenger.stop();
await broker.stop();
rmSync(folder, { recursive: true, force: true });
