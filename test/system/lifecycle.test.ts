import { EventEmitter } from "node:events";
import { pino } from "pino";
import { expect, test, vi } from "vitest";
import { runServices, type LifecycleOptions, type Service } from "../../src/system/lifecycle.ts";

function bench(overrides: Partial<LifecycleOptions> = {}) {
  const events: string[] = [];
  const service = (name: string, changes: Partial<Service> = {}): Service => ({
    name,
    start: () => Promise.resolve(void events.push(`start ${name}`)),
    stop: () => Promise.resolve(void events.push(`stop ${name}`)),
    ...changes,
  });
  const process = new EventEmitter();
  const options: LifecycleOptions = {
    services: [service("store"), service("camera"), service("broker")],
    logger: pino({ enabled: false }),
    process,
    exit: (code) => events.push(`exit ${code}`),
    ...overrides,
  };
  return { events, service, process, options };
}

const settled = () => new Promise((resolve) => setImmediate(resolve));

test("starts in order, stops in reverse after one SIGTERM, and ends with 0", async () => {
  const { events, process, options } = bench();
  const ended = runServices(options);
  await settled();
  process.emit("SIGTERM");
  expect(await ended).toBe(0);
  expect(events).toEqual([
    "start store",
    "start camera",
    "start broker",
    "stop broker",
    "stop camera",
    "stop store",
  ]);
  expect(process.eventNames()).toEqual([]);
});

test("a service that does not start stops those before it, and itself, and its error is thrown", async () => {
  const { events, service, options } = bench();
  const failing = service("camera", { start: () => Promise.reject(new Error("no device")) });
  await expect(
    runServices({ ...options, services: [service("store"), failing, service("broker")] }),
  ).rejects.toThrow("no device");
  expect(events).toEqual(["start store", "stop camera", "stop store"]);
});

test("a second signal ends the process at once", async () => {
  const { events, service, process, options } = bench();
  const hung = service("camera", { stop: () => new Promise(() => undefined) });
  const ended = runServices({ ...options, services: [hung], stopTimeoutMs: 50 });
  await settled();
  process.emit("SIGINT");
  await settled();
  process.emit("SIGINT");
  expect(events).toContain("exit 130");
  expect(await ended).toBe(1);
});

test("a service that does not stop in time is given up, and the process is ended with exit code 1", async () => {
  const { events, service, process, options } = bench();
  const hung = service("camera", { stop: () => new Promise(() => undefined) });
  const ended = runServices({ ...options, services: [service("store"), hung], stopTimeoutMs: 20 });
  await settled();
  process.emit("SIGTERM");
  expect(await ended).toBe(1);
  expect(events).toContain("exit 1");
});

test("a service that fails to stop keeps neither the others from stopping nor the process from ending", async () => {
  const { events, service, process, options } = bench();
  const failing = service("broker", { stop: () => Promise.reject(new Error("socket")) });
  const ended = runServices({ ...options, services: [service("store"), failing] });
  await settled();
  process.emit("SIGTERM");
  expect(await ended).toBe(1);
  expect(events).toEqual(["start store", "start broker", "stop store", "exit 1"]);
});

test("an unexpected rejection is logged as fatal, stops everything and ends with 1", async () => {
  const { events, process, options } = bench();
  const fatal = vi.fn();
  const logger = pino({ enabled: false });
  logger.fatal = fatal;
  const ended = runServices({ ...options, logger });
  await settled();
  process.emit("unhandledRejection", new Error("bug"));
  expect(await ended).toBe(1);
  expect(fatal).toHaveBeenCalledOnce();
  expect(events.at(-1)).toBe("stop store");
});

test("a signal during a slow start does not wait for it", async () => {
  const { events, service, process, options } = bench();
  const slow = service("camera", { start: () => new Promise(() => undefined) });
  const ended = runServices({ ...options, services: [service("store"), slow, service("broker")] });
  await settled();
  process.emit("SIGTERM");
  expect(await ended).toBe(0);
  expect(events).toEqual(["start store", "stop camera", "stop store"]);
});

test("an abort signal ends it like SIGTERM", async () => {
  const { options, events } = bench();
  const abort = new AbortController();
  const ended = runServices(options, abort.signal);
  await settled();
  abort.abort();
  expect(await ended).toBe(0);
  expect(events.at(-1)).toBe("stop store");
});
