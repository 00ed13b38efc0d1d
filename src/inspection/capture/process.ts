import { CaptureError, AssaydError, messageOf } from "../../domain/errors.ts";
import { brightness, sharpness } from "../../imaging/luma.ts";
import type { Product } from "../../simulator/family.ts";
import type { ProductName } from "../../simulator/product-names.ts";
import { parentPort } from "../../system/children.ts";
import { folderSource } from "./folder-source.ts";
import { loadGStreamer } from "./gstreamer.ts";
import type { PictureSource } from "./picture-player.ts";
import type { CaptureReport, CaptureRequest, OpenRequest } from "./protocol.ts";
import { CaptureSession } from "./session.ts";
import { simulatedSource } from "./simulated-source.ts";

/** The capture process: one camera, driven by the messages of protocol.ts, gone with its parent. */

const TICK_MS = 50;
const HEARTBEAT_MS = 250;
/** Heartbeats from one look at the picture to the next. */
const BEATS_A_LOOK = 4;
/** Frames on their way to a parent that does not read; more are dropped and counted as missed. */
const MAX_UNSENT = 8;

interface Look {
  readonly atMs: number;
  readonly frames: number;
  readonly fps: number;
  readonly brightness: number | null;
  readonly sharpness: number | null;
}

let session: CaptureSession | null = null;
let opening: Promise<void> = Promise.resolve();
let unsent = 0;
let beats = 0;
let look: Look = { atMs: performance.now(), frames: 0, fps: 0, brightness: null, sharpness: null };

process.on("error", leave); // the parent died between two messages: a send failed
process.on("uncaughtException", (error) => {
  process.stderr.write(`capture process: ${error.stack ?? error.message}\n`);
  leave(); // by itself Node would exit, and hang (see leave)
});
const send = parentPort<CaptureRequest, CaptureReport>(onRequest, leave);

function onRequest(request: CaptureRequest): void {
  if (request.type === "open") {
    opening = open(request);
    return;
  }
  void opening.then(() => {
    onSessionRequest(request);
  });
}

function onSessionRequest(request: Exclude<CaptureRequest, OpenRequest>): void {
  if (session === null) return;
  switch (request.type) {
    case "grab":
      session.grab(request);
      return;
    case "stream":
      session.stream(request.on);
      return;
    case "line":
      session.line(request.content);
      return;
    case "evidence":
      void session.evidence(request.requestId, request.frameId);
  }
}

async function open(request: OpenRequest): Promise<void> {
  setInterval(heartbeat, HEARTBEAT_MS);
  try {
    heartbeat();
    const pictures = await pictureSource(request);
    session = new CaptureSession({
      open: request,
      gstreamer: loadGStreamer(),
      pictures,
      now: () => performance.now(),
      wallClock: () => Date.now(),
      random: Math.random,
      report: send,
      sendFrame,
      giveUp: leave,
    });
    session.start();
    setInterval(() => session?.tick(), TICK_MS);
  } catch (error) {
    const code = error instanceof AssaydError ? error.code : "capture-failed";
    fail(code, messageOf(error));
  }
}

/** Imported only where needed: the simulator and the picture decoder cost memory that a real camera's process saves. */
async function pictureSource({ source, size }: OpenRequest): Promise<PictureSource | null> {
  if (source.kind === "simulated") {
    const { renderPart } = await import("../../simulator/product.ts");
    const { seed, defectShare, distinct } = source;
    const product = await otherProduct(source.product);
    return simulatedSource((part) => renderPart(part, product), { size, seed, defectShare, distinct });
  }
  if (source.kind === "folder") {
    const { listLine } = await import("../../imaging/picture-folder.ts");
    const { readPicture } = await import("../../imaging/read-picture.ts");
    return folderSource({ ...source, size, list: listLine, read: readPicture });
  }
  return null;
}

/** Undefined for the default product, so that it starts without loading all of them. */
async function otherProduct(name: ProductName): Promise<Product | undefined> {
  if (name === "default") return undefined;
  const { findProduct } = await import("../../simulator/products.ts");
  return findProduct(name);
}

function sendFrame(report: Extract<CaptureReport, { type: "frame" }>): boolean {
  if (!process.connected || unsent >= MAX_UNSENT) return false;
  unsent++;
  process.send?.(report, undefined, {}, () => {
    unsent--;
  });
  return true;
}

function heartbeat(): void {
  if (beats % BEATS_A_LOOK === 0) lookAtPicture();
  beats++;
  const { fps, brightness: light, sharpness: focus } = look;
  send({
    type: "heartbeat",
    frames: session?.frames ?? 0,
    fps,
    frameAgeMs: session?.ageMs ?? null,
    brightness: light,
    sharpness: focus,
    rssBytes: process.memoryUsage.rss(),
  });
}

function lookAtPicture(): void {
  const atMs = performance.now();
  const frames = session?.frames ?? 0;
  const newest = session?.newest ?? null;
  const seconds = (atMs - look.atMs) / 1000;
  look = {
    atMs,
    frames,
    fps: seconds > 0 ? (frames - look.frames) / seconds : 0,
    brightness: newest === null ? null : brightness(newest.data),
    sharpness: newest === null ? null : sharpness(newest.data, newest),
  };
}

/** What cannot be opened at all (bad launch string, no addon, no folder) is said, then left to the supervisor. */
function fail(code: string, message: string): void {
  const report: CaptureReport = { type: "state", state: "failed", code, message };
  if (process.send === undefined) throw new CaptureError(code, message);
  process.send(report, undefined, {}, leave);
}

/**
 * process.exit() waits for ever for pool threads in pull and pollBus, and a parked bus poll cannot be ended (platform.md
 * §2.2): close the camera, give the channel a moment to empty, and kill ourselves.
 */
function leave(): void {
  session?.stop();
  setTimeout(() => {
    process.kill(process.pid, "SIGKILL");
  }, 50);
}
