import { readdirSync } from "node:fs";
import { loadGStreamer } from "../../../src/inspection/capture/gstreamer.ts";
import { launchString } from "../../../src/inspection/capture/launch.ts";
import { CapturePipeline } from "../../../src/inspection/capture/pipeline.ts";

/** Plays and stops one pipeline object again and again, and tells what the process holds after each round. */
const ROUNDS = 40;
const crop = { top: 0, bottom: 0, left: 0, right: 0 };
const source = {
  kind: "pipeline",
  launch: "videotestsrc is-live=true ! video/x-raw,width=640,height=480,framerate=60/1",
} as const;
let frames = 0;
let next: () => void = () => undefined;
const pipeline = new CapturePipeline(
  loadGStreamer(),
  launchString(source, crop, { width: 256, height: 256 }),
  {
    onFrame: () => {
      if (++frames % 3 === 0) next();
    },
    onEvidence: () => undefined,
    onCaps: () => undefined,
    onFault: () => undefined,
  },
);
for (let round = 0; round < ROUNDS; round++) {
  const three = new Promise<void>((resolve) => (next = resolve));
  pipeline.play();
  await three;
  pipeline.stop();
  await new Promise((resolve) => setTimeout(resolve, 10));
  process.send?.({
    round,
    frames,
    rssBytes: process.memoryUsage.rss(),
    descriptors: readdirSync("/proc/self/fd").length,
    busThreads: pipeline.busThreads,
  });
}
process.disconnect();
process.kill(process.pid, "SIGKILL");
