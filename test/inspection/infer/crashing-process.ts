/** An inference process that dies when it is given a part of a bundle whose folder is named bad-run*, or a bundle named bad-load*. */
import { basename } from "node:path";
import type { InferenceRequest } from "../../../src/inspection/infer/protocol.ts";

const killers = new Set<number>();
const die = (): void => void process.kill(process.pid, "SIGKILL");

process.on("message", (message) => {
  const request = message as InferenceRequest;
  if (request.type === "load") {
    const name = basename(request.bundleDir);
    if (name.startsWith("bad-load")) die();
    if (name.startsWith("bad-run")) killers.add(request.bundle);
  }
  if (request.type === "infer" && killers.has(request.bundle)) die();
});

await import("../../../src/inspection/infer/process.ts");
