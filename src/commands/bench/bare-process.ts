/** Entry: ONNX Runtime in a bare loop, nothing else: what the station's pace is compared with. Driven by `assayd bench`. */
import { InferenceError, messageOf } from "../../domain/errors.ts";
import { detectAccelerator } from "../../onnx/accelerator.ts";
import { openSession, type OnnxSession } from "../../onnx/session.ts";
import { renderPart } from "../../simulator/product.ts";
import { parentPort } from "../../system/children.ts";
import { createLogger } from "../../system/logger.ts";
import type { BareReply, BareRequest, Looped } from "./protocol.ts";

type Open = Extract<BareRequest, { type: "open" }>;
type Loop = Extract<BareRequest, { type: "loop" }>;

const PICTURES = 16;
/** So many runs between two looks at the clock and at the messages. */
const RUNS_AT_ONCE = 4;

const sessions = new Map<string, OnnxSession>();
let pictures: readonly Uint8Array[] = [];

const send = parentPort<BareRequest, BareReply>(
  (request) => {
    (request.type === "open" ? open(request) : loop(request)).then(send, (error: unknown) => {
      send({ type: "refused", message: messageOf(error) });
    });
  },
  () => process.exit(0),
);

async function open({ models, provider, threads, engineCacheDir, inputSize }: Open): Promise<BareReply> {
  const logger = createLogger({ level: "warn", format: "text", write: (line) => process.stderr.write(line) });
  const tensorrt = {
    precision: "fp16",
    engineCacheDir,
    logger,
    accelerator: () => detectAccelerator(process.env.PATH ?? ""),
  } as const;
  const size = { width: inputSize, height: inputSize };
  pictures = Array.from(
    { length: PICTURES },
    (_, index) => renderPart({ index, seed: 1, size, content: "mixed", defectShare: 0.3 }).data,
  );
  for (const [name, model] of Object.entries(models)) {
    sessions.set(name, await openSession({ model, providers: [provider], threads, tensorrt }));
  }
  return { type: "ready" };
}

async function loop({ model, seconds }: Loop): Promise<Looped> {
  const session = sessions.get(model);
  const input = session?.inputs[0];
  if (session === undefined || input === undefined)
    throw new InferenceError("bench-model", `model ${model} was not opened`);
  const begun = performance.now();
  let runs = 0;
  while (performance.now() - begun < seconds * 1000) {
    for (let i = 0; i < RUNS_AT_ONCE; i += 1, runs += 1) {
      const data = pictures[runs % pictures.length] ?? new Uint8Array();
      await session.run({ [input.name]: { dims: input.dims, data } });
    }
    await new Promise(setImmediate);
  }
  return { type: "looped", runs, seconds: (performance.now() - begun) / 1000 };
}
