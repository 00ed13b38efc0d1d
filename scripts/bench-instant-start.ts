import { readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { DEFAULT_TEACHER, importTeacher } from "../src/backbones/teacher-import.ts";
import { statePaths } from "../src/config/paths.ts";
import { configSchema } from "../src/config/schema.ts";
import { Station } from "../src/station/station.ts";
import { createLogger } from "../src/system/logger.ts";
import { SOFTWARE_VERSION } from "../src/system/version.ts";
import type { JobStatus } from "../src/training/supervisor.ts";

/**
 * How long a product waits for its first verdict: a real station collects good parts, train.start, and the instant model judges.
 * Wall time and CPU time of the training process; on a busy machine run it with `chrt -r 1`.
 *
 *     node scripts/bench-instant-start.ts [--parts 120] [--size 256]
 */

const CLOCK_TICKS = 100; // a second, of /proc/<pid>/stat on Linux (USER_HZ)

const { values } = parseArgs({
  options: { parts: { type: "string", default: "120" }, size: { type: "string", default: "256" } },
});
const wanted = Number(values.parts);
const inputSize = Number(values.size);

const stateDir = await mkdtemp(join(tmpdir(), "assayd-bench-instant-"));
const config = configSchema.parse({
  station: { name: "bench", stateDir, inputSize },
  cameras: [{ source: { kind: "simulated", fps: 20 }, deadlineMs: 1000 }],
  broker: { kind: "embedded", port: 0 },
  http: { enabled: false },
});
await importTeacher({
  file: "default",
  id: DEFAULT_TEACHER.id,
  teachersDir: statePaths(stateDir).teachers,
  inputSize,
});

/** What went on from when, seconds since train.start. */
const marks: { readonly at: number; readonly what: string }[] = [];
let startedAt = Infinity;
let cpuSeconds: number | null = null;
let onVerdict: () => void = () => undefined;
const firstVerdict = new Promise<void>((resolve) => {
  onVerdict = resolve;
});

const station = await Station.create({
  config,
  logger: createLogger({ level: "error", format: "text", write: (line) => process.stderr.write(line) }),
  software: SOFTWARE_VERSION,
  onInspection: ({ score }) => {
    if (score === null || performance.now() < startedAt) return;
    mark("first verdict");
    onVerdict();
  },
  onJob: note,
});
try {
  await station.start();
  const line = station.line(undefined);
  line.camera.line("normal");
  await line.collector.start({ wanted, reset: true, now: Date.now() });
  while (line.collector.status.active) await sleep(50);
  startedAt = performance.now();
  mark("process start");
  station.training.start([line], "bench");
  const failed = station.training.finished.then(({ error }) => {
    throw new Error(error?.message ?? "the job ended before the instant model judged");
  });
  failed.catch(() => undefined); // it is stopped once there is a verdict
  await Promise.race([firstVerdict, failed]);
  process.stdout.write(report());
} finally {
  await station.stop();
  await rm(stateDir, { recursive: true, force: true });
}

/** A part of the job begins with the first message of its kind. */
function note({ instant, progress }: JobStatus): void {
  if (instant) {
    cpuSeconds ??= cpuSecondsOf(station.training.pid ?? 0);
    mark("golden frames, switch");
    return;
  }
  if (progress) mark(`${progress.stage}: ${progress.message.replace(/[\d.]+(\/\d+)?/g, "…")}`);
}

function mark(what: string): void {
  if (marks.some((known) => known.what === what)) return;
  marks.push({ at: (performance.now() - startedAt) / 1000, what });
}

/** User and system time of a process with its threads; fields 14 and 15 of /proc/<pid>/stat (man proc). */
function cpuSecondsOf(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ") ?? [];
  return (Number(fields[11]) + Number(fields[12])) / CLOCK_TICKS;
}

function report(): string {
  const parts = marks.map(({ at, what }, index) => {
    const next = marks[index + 1];
    return next ? `${(next.at - at).toFixed(2).padStart(8)} s  ${what}` : "";
  });
  const total = marks.at(-1)?.at ?? NaN;
  return (
    `${wanted} good parts of ${inputSize} × ${inputSize}, from train.start to the first verdict:\n${parts.join("\n")}` +
    `${total.toFixed(2).padStart(8)} s  in all; CPU time of the training process ${cpuSeconds?.toFixed(1) ?? "?"} s\n`
  );
}
