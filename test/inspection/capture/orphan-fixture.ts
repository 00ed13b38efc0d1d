import { startCamera, testPattern } from "./camera-fixture.ts";

/** A main process with one camera: says the capture process's id once frames come, then waits to be killed. */
const { camera } = startCamera(testPattern());
await camera.grab({ mode: "next", maxAgeMs: 100, timeoutMs: 10_000 });
process.stdout.write(`${camera.status.pid ?? 0}\n`);
