import type { Station } from "../../station/station.ts";
import type { Metrics, ProcessRole } from "../../system/metrics.ts";

const EVERY_MS = 1000;

/** Copies the station's state into the metrics once a second. */
export function stationGauges(station: Station, metrics: Metrics): { stop: () => void } {
  const restarts = new Map<string, number>();
  const countRestarts = (role: ProcessRole, name: string, total: number): void => {
    const key = `${role} ${name}`;
    for (let seen = restarts.get(key) ?? 0; seen < total; seen += 1) metrics.restarted(role, name);
    restarts.set(key, total);
  };
  const timer = setInterval(() => {
    const { connected, queued } = station.messengerStats;
    metrics.brokerConnected(connected);
    metrics.outboxDepth(queued);
    for (const { name, camera, inspector, lane } of station.lines) {
      metrics.queueDepth(name, lane.inFlight);
      metrics.cameraConnected(name, camera.status.connected);
      metrics.childRss("capture", name, camera.status.rssBytes ?? 0);
      metrics.childRss("inference", name, inspector.status.rssBytes ?? 0);
      countRestarts("capture", name, camera.status.restarts);
      countRestarts("inference", name, inspector.status.restarts);
      const gate = station.gates.status(name);
      if (gate) metrics.rejectOutput(name, { ...gate, p99Ms: gate.switching.p99Ms });
    }
    metrics.evidence(station.records.stats);
  }, EVERY_MS);
  return {
    stop: () => {
      clearInterval(timer);
    },
  };
}
