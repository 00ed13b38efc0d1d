import { afterEach, expect, test } from "vitest";
import { StatusServer, type Health } from "../../src/system/http.ts";
import { createMetrics } from "../../src/system/metrics.ts";
import type { Inspection } from "../../src/domain/inspection.ts";

const stops: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});

async function start(health: () => Health) {
  const metrics = createMetrics({ rss: () => 123_000_000 });
  const server = new StatusServer({ host: "127.0.0.1", port: 0, health, registry: metrics.registry });
  const port = await server.start();
  stops.push(() => server.stop(), metrics.close);
  return { metrics, address: `http://127.0.0.1:${port}`, server, port };
}

const inspection: Inspection = {
  inspectionId: "i",
  session: "s",
  seq: 1,
  camera: "cam1",
  triggerId: "t",
  partId: null,
  tag: null,
  recipe: { id: "default", number: 0, version: null, hash: null },
  verdict: "NG",
  action: "reject",
  reason: "score",
  detail: null,
  score: 1,
  threshold: 0.5,
  warnThreshold: null,
  regions: [],
  times: {
    triggeredAt: 0,
    capturedAt: 0,
    captureMs: 4,
    queueMs: 1,
    inferMs: 20,
    totalMs: 26,
    deadlineMs: 300,
  },
  bundleId: "b",
  frameId: "cam1-1",
  simulated: true,
  truth: null,
};

test("/healthz is 200 while the station works and 503 with the reasons when it does not", async () => {
  let health: Health = { healthy: true, reasons: [] };
  const { address } = await start(() => health);
  const good = await fetch(`${address}/healthz`);
  expect([good.status, await good.json()]).toEqual([200, { healthy: true, reasons: [] }]);
  health = { healthy: false, reasons: ["camera cam1 stalled"] };
  const bad = await fetch(`${address}/healthz?verbose`);
  expect([bad.status, await bad.json()]).toEqual([503, { healthy: false, reasons: ["camera cam1 stalled"] }]);
});

test("/metrics counts verdicts and times, and measures memory and the event loop", async () => {
  const { address, metrics } = await start(() => ({ healthy: true, reasons: [] }));
  metrics.inspected(inspection);
  metrics.inspected({
    ...inspection,
    verdict: "ERR",
    reason: "late",
    times: { ...inspection.times, inferMs: null, totalMs: 300 },
  });
  metrics.plcTriggered("cam1", 0.2);
  metrics.queueDepth("cam1", 2);
  metrics.rejectOutput("cam1", {
    inFlight: 2,
    passed: 5,
    rejected: 3,
    lateVerdicts: 1,
    lateSwitchings: 0,
    p99Ms: 1.5,
  });
  metrics.evidence({ bytes: { ng: 7 }, dropped: 0, failed: 1 });
  metrics.childRss("capture", "cam1", 90_000_000);
  metrics.restarted("inference", "");
  metrics.outboxDepth(7);
  metrics.brokerConnected(true);
  metrics.cameraConnected("cam1", false);
  const response = await fetch(`${address}/metrics`);
  const text = await response.text();
  expect(response.headers.get("content-type")).toContain("text/plain");
  for (const line of [
    'assayd_parts_total{camera="cam1",verdict="NG",reason="score"} 1',
    'assayd_parts_total{camera="cam1",verdict="ERR",reason="late"} 1',
    'assayd_part_seconds_bucket{le="0.03",camera="cam1"} 1',
    'assayd_part_seconds_count{camera="cam1"} 2',
    'assayd_inference_seconds_count{camera="cam1"} 1',
    'assayd_plc_trigger_seconds_count{camera="cam1"} 1',
    'assayd_queue_depth{camera="cam1"} 2',
    'assayd_reject_parts{camera="cam1",outcome="rejected"} 3',
    'assayd_resident_bytes{role="main",name=""} 123000000',
    'assayd_resident_bytes{role="capture",name="cam1"} 90000000',
    'assayd_restarts_total{role="inference",name=""} 1',
    "assayd_outbox_messages 7",
    "assayd_broker_connected 1",
    'assayd_camera_connected{camera="cam1"} 0',
  ]) {
    expect(text).toContain(line);
  }
  expect(text).toMatch(/assayd_event_loop_delay_seconds\{quantile="0.99"\} \d/);
});

test("other paths and methods are refused", async () => {
  const { address } = await start(() => ({ healthy: true, reasons: [] }));
  expect((await fetch(`${address}/../etc/passwd`)).status).toBe(404);
  expect((await fetch(`${address}/healthz`, { method: "POST", body: "x" })).status).toBe(405);
});

test("a taken port is the system's error, and stop frees it", async () => {
  const first = await start(() => ({ healthy: true, reasons: [] }));
  const metrics = createMetrics({ rss: () => 0 });
  stops.push(metrics.close);
  const options = {
    host: "127.0.0.1",
    port: first.port,
    health: () => ({ healthy: true, reasons: [] }),
    registry: metrics.registry,
  };
  const second = new StatusServer(options);
  await expect(second.start()).rejects.toThrow(/EADDRINUSE/);
  await second.stop();
  await first.server.stop();
  const third = new StatusServer(options);
  expect(await third.start()).toBe(first.port);
  await third.stop();
});
