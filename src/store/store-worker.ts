import { parentPort, workerData } from "node:worker_threads";
import { openDatabase, setAside, Database } from "./database.ts";
import { isCorrupt, storeFailure } from "./sqlite-failure.ts";
import type { StoreCall, StoreReport, StoreRequest, StoreWorkerData } from "./protocol.ts";

/** The thread that owns the SQLite file, so that waiting for the disk never holds up the main loop. */

const { file, openedAt, limits } = workerData as StoreWorkerData;
let database: Database | null = null;

function report(message: StoreReport): void {
  parentPort?.postMessage(message);
}

function answer(open: Database, call: StoreCall): unknown {
  switch (call.type) {
    case "commit":
      return { outboxDepth: open.commit(call.commit) };
    case "read-outbox":
      return open.readOutbox(call.afterId, call.limit);
    case "read-gaps":
      return open.gaps();
    case "history":
      return open.history(call.camera, { from: call.fromSeq, to: call.toSeq }, call.limit);
    case "find-parts":
      return open.findParts(call.filter);
    case "seq-range":
      return open.seqRange(call.camera, call.from, call.to);
    case "prune":
      return { deleted: open.pruneChunk(call.order) };
    case "sizes":
      return open.sizes();
    case "check-audit":
      return open.checkAudit();
    case "close":
      open.close();
      database = null;
      return null;
  }
}

function serve(request: StoreRequest): void {
  try {
    database ??= new Database(file, limits);
    report({ type: "reply", callId: request.callId, value: answer(database, request) });
  } catch (error) {
    report({ type: "failed", callId: request.callId, failure: storeFailure(error, file) });
    if (isCorrupt(error)) beginAnew();
  }
  if (request.type === "close") parentPort?.close();
}

function beginAnew(): void {
  try {
    database?.close();
    report({ type: "set-aside", path: setAside(file, Date.now()) });
  } catch {
    // the next call opens the file again and reports why it cannot
  }
  database = null;
}

try {
  const opened = openDatabase(file, limits, openedAt);
  database = opened.database;
  report({ type: "opened", opened: { ...database.contents(), setAside: opened.setAside } });
  parentPort?.on("message", (message: StoreRequest) => {
    serve(message);
  });
} catch (error) {
  report({ type: "open-failed", failure: storeFailure(error, file) });
  parentPort?.close();
}
