import { monitorEventLoopDelay } from "node:perf_hooks";
import { Counter, Gauge, Histogram, Registry } from "prom-client";
import type { Inspection } from "../domain/inspection.ts";

/** The processes whose memory and restarts are told apart. */
export type ProcessRole = "main" | "capture" | "inference" | "training" | "store";

/** What the station counts, as Prometheus reads it on /metrics. All names begin with `assayd_`; units are in the names. */
export interface Metrics {
  readonly registry: Registry;
  /** One part got its verdict. */
  readonly inspected: (inspection: Inspection) => void;
  /** From the arrival of a PLC's request to the lane. */
  readonly plcTriggered: (camera: string, ms: number) => void;
  /** Parts that wait for the inference process of a camera. */
  readonly queueDepth: (camera: string, depth: number) => void;
  readonly cameraConnected: (camera: string, connected: boolean) => void;
  /** Resident memory of a child; the main process measures its own. @param name camera name, or empty. */
  readonly childRss: (role: ProcessRole, name: string, bytes: number) => void;
  readonly restarted: (role: ProcessRole, name: string) => void;
  /** How a camera's reject output does. */
  readonly rejectOutput: (camera: string, figures: RejectFigures) => void;
  /** Pictures of parts on the disk. */
  readonly evidence: (figures: EvidenceFigures) => void;
  /** Messages that wait for the broker. */
  readonly outboxDepth: (messages: number) => void;
  readonly brokerConnected: (connected: boolean) => void;
  /** Ends the event loop's measurement. */
  readonly close: () => void;
}

/** Of a reject output since the start. */
export interface RejectFigures {
  /** Parts between camera and ejector. */
  readonly inFlight: number;
  readonly passed: number;
  readonly rejected: number;
  readonly lateVerdicts: number;
  readonly lateSwitchings: number;
  /** Switched so much later than planned, of the newest 1,000; null before the first. */
  readonly p99Ms: number | null;
}

export interface EvidenceFigures {
  readonly bytes: Readonly<Record<string, number>>;
  readonly dropped: number;
  readonly failed: number;
}

const LATENCY_BUCKETS_S = [0.002, 0.005, 0.01, 0.02, 0.03, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.5, 1, 2];

export interface MetricsOptions {
  /** Resident memory of this process in bytes. */
  readonly rss: () => number;
}

/** A registry of its own: nothing global, so that tests and several stations do not meet. */
export function createMetrics(options: MetricsOptions): Metrics {
  const registry = new Registry();
  const counted = inspectionMetrics(registry);
  const station = stationMetrics(registry, options.rss);
  const delay = eventLoopDelay(registry);
  return {
    registry,
    ...counted,
    ...station,
    ...outputMetrics(registry),
    close: () => {
      delay.disable();
    },
  };
}

function inspectionMetrics(registry: Registry): Pick<Metrics, "inspected" | "plcTriggered"> {
  const registers = [registry];
  const parts = new Counter({
    name: "assayd_parts_total",
    help: "Parts by verdict and reason",
    labelNames: ["camera", "verdict", "reason"] as const,
    registers,
  });
  const histogram = (name: string, help: string) =>
    new Histogram({ name, help, labelNames: ["camera"] as const, buckets: LATENCY_BUCKETS_S, registers });
  const total = histogram("assayd_part_seconds", "Trigger to verdict");
  const capture = histogram("assayd_capture_seconds", "Trigger to frame");
  const queue = histogram("assayd_queue_seconds", "Waiting for the inference process");
  const infer = histogram("assayd_inference_seconds", "Inference of one part");
  const plc = histogram("assayd_plc_trigger_seconds", "Arrival of the PLC's request to the lane");
  return {
    plcTriggered: (camera, ms) => {
      plc.observe({ camera }, ms / 1000);
    },
    inspected: ({ camera, verdict, reason, times }) => {
      parts.inc({ camera, verdict, reason });
      total.observe({ camera }, times.totalMs / 1000);
      if (times.captureMs !== null) capture.observe({ camera }, times.captureMs / 1000);
      if (times.queueMs !== null) queue.observe({ camera }, times.queueMs / 1000);
      if (times.inferMs !== null) infer.observe({ camera }, times.inferMs / 1000);
    },
  };
}

function stationMetrics(
  registry: Registry,
  rss: () => number,
): Omit<Metrics, "registry" | "inspected" | "plcTriggered" | "close" | "rejectOutput" | "evidence"> {
  const gauge = <Label extends string>(name: string, help: string, labelNames: readonly Label[]) =>
    new Gauge({ name, help, labelNames, registers: [registry] });
  const counter = <Label extends string>(name: string, help: string, labelNames: readonly Label[]) =>
    new Counter({ name, help, labelNames, registers: [registry] });
  const queueDepth = gauge("assayd_queue_depth", "Parts waiting for the inference process", ["camera"]);
  const cameraConnected = gauge("assayd_camera_connected", "1 while the camera delivers frames", ["camera"]);
  const restarts = counter("assayd_restarts_total", "Restarts of child processes", ["role", "name"]);
  const outboxDepth = gauge("assayd_outbox_messages", "Messages waiting for the broker", []);
  const brokerConnected = gauge("assayd_broker_connected", "1 while the broker is connected", []);
  const memory = new Gauge({
    name: "assayd_resident_bytes",
    help: "Resident memory of each process",
    labelNames: ["role", "name"] as const,
    registers: [registry],
    collect() {
      this.set({ role: "main", name: "" }, rss());
    },
  });
  return {
    queueDepth: (camera, depth) => {
      queueDepth.set({ camera }, depth);
    },
    cameraConnected: (camera, connected) => {
      cameraConnected.set({ camera }, connected ? 1 : 0);
    },
    childRss: (role, name, bytes) => {
      memory.set({ role, name }, bytes);
    },
    restarted: (role, name) => {
      restarts.inc({ role, name });
    },
    outboxDepth: (messages) => {
      outboxDepth.set(messages);
    },
    brokerConnected: (connected) => {
      brokerConnected.set(connected ? 1 : 0);
    },
  };
}

function outputMetrics(registry: Registry): Pick<Metrics, "rejectOutput" | "evidence"> {
  const gauge = <Label extends string>(name: string, help: string, labelNames: readonly Label[]) =>
    new Gauge({ name, help, labelNames, registers: [registry] });
  const inFlight = gauge("assayd_reject_in_flight", "Parts between camera and ejector", ["camera"]);
  const parts = gauge("assayd_reject_parts", "Parts at the ejector since the start", ["camera", "outcome"]);
  const late = gauge("assayd_reject_late", "Verdicts and switchings that came too late, since the start", [
    "camera",
    "what",
  ]);
  const switching = gauge("assayd_reject_switching_p99_seconds", "How late the output was switched", [
    "camera",
  ]);
  const bytes = gauge("assayd_evidence_bytes", "Pictures of parts on the disk", ["class"]);
  const lost = gauge("assayd_evidence_lost", "Pictures that were not kept, since the start", ["why"]);
  return {
    rejectOutput: (camera, figures) => {
      inFlight.set({ camera }, figures.inFlight);
      parts.set({ camera, outcome: "passed" }, figures.passed);
      parts.set({ camera, outcome: "rejected" }, figures.rejected);
      late.set({ camera, what: "verdict" }, figures.lateVerdicts);
      late.set({ camera, what: "switching" }, figures.lateSwitchings);
      if (figures.p99Ms !== null) switching.set({ camera }, figures.p99Ms / 1000);
    },
    evidence: (figures) => {
      for (const [kept, size] of Object.entries(figures.bytes)) bytes.set({ class: kept }, size);
      lost.set({ why: "dropped" }, figures.dropped);
      lost.set({ why: "failed" }, figures.failed);
    },
  };
}

/** p50, p99 and maximum since the last reading: main must never block, so this is its alarm. */
function eventLoopDelay(registry: Registry) {
  const delay = monitorEventLoopDelay({ resolution: 10 });
  delay.enable();
  new Gauge({
    name: "assayd_event_loop_delay_seconds",
    help: "Event loop delay of the main process since the last reading",
    labelNames: ["quantile"] as const,
    registers: [registry],
    collect() {
      // Nanoseconds; Node reports NaN before the first sample.
      const seconds = (value: number): number => (Number.isFinite(value) ? value / 1e9 : 0);
      this.set({ quantile: "0.5" }, seconds(delay.percentile(50)));
      this.set({ quantile: "0.99" }, seconds(delay.percentile(99)));
      this.set({ quantile: "1" }, seconds(delay.max));
      delay.reset();
    },
  });
  return delay;
}
