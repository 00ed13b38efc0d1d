import pino from "pino";
import { cameraSchema, type CameraConfig } from "../../../src/config/schema.ts";
import type { Frame, Size } from "../../../src/domain/inspection.ts";
import {
  Camera,
  type CameraOptions,
  type CameraStateChange,
} from "../../../src/inspection/capture/camera.ts";

export const SIZE: Size = { width: 64, height: 64 };

export interface TestCamera extends AsyncDisposable {
  readonly camera: Camera;
  readonly states: CameraStateChange[];
  readonly frames: { frame: Frame; missed: number }[];
  /** Resolves when the condition holds; rejects after `timeoutMs`. */
  until(condition: () => boolean, timeoutMs?: number): Promise<void>;
}

/** A camera with a real capture process, small pictures, and everything it said. */
export function startCamera(
  source: Record<string, unknown>,
  config: Partial<CameraConfig> = {},
  options: Pick<CameraOptions, "argusWishFile"> = {},
): TestCamera {
  const states: CameraStateChange[] = [];
  const frames: { frame: Frame; missed: number }[] = [];
  const camera = new Camera({
    config: { ...cameraSchema.parse({ source }), ...config },
    size: SIZE,
    logger: pino({ level: "silent" }),
    now: () => performance.now(),
    onFrame: (frame, missed) => frames.push({ frame, missed }),
    onState: (change) => states.push(change),
    ...options,
  });
  camera.start();
  return {
    camera,
    states,
    frames,
    until: (condition, timeoutMs = 8000) =>
      until(condition, timeoutMs, () => JSON.stringify({ states, frames: frames.length })),
    [Symbol.asyncDispose]: () => camera.stop(),
  };
}

async function until(condition: () => boolean, timeoutMs: number, describe: () => string): Promise<void> {
  const end = performance.now() + timeoutMs;
  while (!condition()) {
    if (performance.now() > end) throw new Error(`not reached within ${timeoutMs} ms: ${describe()}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** A live test picture of GStreamer as a custom pipeline; `then`: elements behind it. */
export function testPattern(then = "", options = "pattern=smpte"): Record<string, unknown> {
  const launch = `videotestsrc is-live=true ${options} ! video/x-raw,format=I420,width=320,height=240,framerate=30/1 ${then}`;
  return { kind: "pipeline", launch };
}

/** True while a process exists. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
