/** Entry of the inference process: serves the bundles of all cameras (architecture.md §3). */
import { parentPort } from "../../system/children.ts";
import { BundleThreads } from "./bundle-threads.ts";
import type { InferenceReport, InferenceRequest } from "./protocol.ts";

const HEARTBEAT_MS = 1000;
/** For threads that build an engine: they end trtexec. */
const END_MS = 500;

const send = parentPort<InferenceRequest, InferenceReport>(take, end);
const threads = new BundleThreads(send);

setInterval(() => {
  send({ type: "heartbeat", rssBytes: process.memoryUsage.rss() });
}, HEARTBEAT_MS);

function take(request: InferenceRequest): void {
  switch (request.type) {
    case "load":
      threads.load(request);
      return;
    case "unload":
      threads.unload(request.bundle);
      return;
    case "infer":
      threads.infer(request);
  }
}

/** The main process is gone or has retired this one. */
function end(): void {
  const kill = (): void => void process.kill(process.pid, "SIGKILL"); // exit() aborts if a thread is in a run
  setTimeout(kill, END_MS);
  void threads.end().then(kill);
}
