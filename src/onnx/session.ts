import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import * as ort from "onnxruntime-node";
import type { Logger } from "pino";
import { InferenceError, messageOf, ModelError } from "../domain/errors.ts";
import type { ProviderName, ProviderReport } from "../inspection/infer/protocol.ts";
import type { Accelerator } from "./accelerator.ts";
import { prepareEngine, type EngineRequest, type PreparedEngine } from "./engine-cache.ts";
import type { TensorDescription } from "./ep-context.ts";
import { nodesByProvider } from "./profile.ts";

/** Dense, row-major. */
interface InputTensor {
  readonly dims: readonly number[];
  readonly data: Float32Array | Uint8Array;
}
interface OutputTensor {
  readonly dims: readonly number[];
  readonly data: Float32Array;
}
type Feeds = Readonly<Record<string, InputTensor>>;
export type Run = (feeds: Feeds) => Promise<Record<string, OutputTensor>>;

interface TensorRtOptions {
  /** Of the engine; CUDA and CPU run the model as it is. */
  readonly precision: "fp32" | "fp16";
  readonly engineCacheDir: string;
  readonly logger: Logger;
  /** Finds trtexec; asked only where onnxruntime-node has a working TensorRT provider. */
  readonly accelerator: () => Promise<Accelerator>;
}

export interface SessionOptions {
  /** The bytes of an ONNX file, or its path. Inputs and outputs float32 or uint8. */
  readonly model: Uint8Array | string;
  /** Tried in this order. */
  readonly providers: readonly ProviderName[];
  /** CPU threads; 0: all cores. */
  readonly threads: number;
  /** What "tensorrt" needs; without it that provider is not taken. */
  readonly tensorrt?: TensorRtOptions;
  /** Judges each candidate (golden frames): throws to refuse it, and the next provider is tried. */
  readonly check?: (run: Run) => Promise<void>;
}

/** A loaded model. `run` blocks the thread for the whole inference (platform.md §1.6): never in the main process. */
export interface OnnxSession {
  /** @throws InferenceError `run-failed` */
  readonly run: Run;
  readonly inputs: readonly TensorDescription[];
  readonly outputs: readonly TensorDescription[];
  readonly report: ProviderReport;
  release(): Promise<void>;
}

const PROVIDER_CLASS: Readonly<Record<ProviderName, string>> = {
  tensorrt: "TensorrtExecutionProvider",
  cuda: "CUDAExecutionProvider",
  cpu: "CPUExecutionProvider",
};

ort.env.logLevel = "fatal"; // every error reaches us as an exception too, with its words

/**
 * Opens a model with the first provider that really works: one provider for each attempt (a list would fall back in
 * silence, or fail as a whole), proven by a profiled run and, if given, by `check`.
 * @throws ModelError of the last attempt, its message tells all of them.
 */
export async function openSession(options: SessionOptions): Promise<OnnxSession> {
  const rejected: { readonly provider: ProviderName; readonly reason: string }[] = [];
  let last: unknown;
  for (const provider of options.providers) {
    try {
      const candidate = await openWith(provider, options);
      return { ...candidate, report: { ...candidate.report, rejected } };
    } catch (error) {
      last = error;
      rejected.push({ provider, reason: messageOf(error) });
    }
  }
  const reasons = rejected.map(({ provider, reason }) => `${provider}: ${reason}`).join("; ");
  const code = last instanceof ModelError ? last.code : "model-unusable";
  throw new ModelError(code, `No provider can run the model. ${reasons}`, { cause: last });
}

async function openWith(provider: ProviderName, options: SessionOptions): Promise<OnnxSession> {
  if (!ort.listSupportedBackends().some((backend) => backend.name === provider)) {
    const names = ort.listSupportedBackends().map((backend) => backend.name);
    throw new ModelError(
      "provider-missing",
      `this onnxruntime-node was built without it (it has ${names.join(", ")})`,
    );
  }
  if (provider !== "tensorrt") return openChecked(provider, options.model, options);
  if (options.tensorrt === undefined)
    throw new ModelError("provider-missing", "no engine cache was given for it");
  await loadProviderLibrary(provider);
  return openEngine(await prepareEngine(await engineRequest(options.model, options.tensorrt)), options);
}

/**
 * Opens a prepared engine and keeps it in the cache, or throws it away if ONNX Runtime or the check refuses it.
 * @throws ModelError
 */
export async function openEngine(engine: PreparedEngine, options: SessionOptions): Promise<OnnxSession> {
  try {
    const session = await openChecked("tensorrt", engine.wrapper, options);
    await engine.keep();
    const origin = engine.cached ? "from the cache" : "built now";
    const precision = engine.identity.flags.includes("--fp16") ? "fp16" : "fp32";
    const proof = `${session.report.proof}; engine of TensorRT ${engine.identity.tensorrtVersion} ${origin}`;
    return { ...session, report: { ...session.report, precision, proof } };
  } catch (error) {
    await engine.discard();
    throw error;
  }
}

async function openChecked(
  provider: ProviderName,
  model: Uint8Array | string,
  options: SessionOptions,
): Promise<OnnxSession> {
  const profileDir = await mkdtemp(join(tmpdir(), "assayd-profile-"));
  try {
    const session = await create(model, sessionOptions(provider, options.threads, join(profileDir, "run")));
    try {
      const inputs = describe(session.inputMetadata);
      const run: Run = (feeds) => runSession(session, feeds);
      await run(zeroFeeds(inputs));
      const proof = await proveProvider(session, provider, profileDir);
      await options.check?.(run);
      return {
        run,
        inputs,
        outputs: describe(session.outputMetadata),
        report: { provider, precision: "fp32", proof, rejected: [] },
        release: () => session.release(),
      };
    } catch (error) {
      await session.release();
      throw error;
    }
  } finally {
    await rm(profileDir, { recursive: true, force: true });
  }
}

function sessionOptions(
  provider: ProviderName,
  threads: number,
  profileFilePrefix: string,
): ort.InferenceSession.SessionOptions {
  const onGpu = provider !== "cpu";
  return {
    executionProviders: [onGpu ? { name: provider, deviceId: 0 } : provider],
    intraOpNumThreads: threads === 0 ? availableParallelism() : threads,
    interOpNumThreads: 1,
    executionMode: "sequential",
    graphOptimizationLevel: "all",
    logSeverityLevel: 4,
    enableProfiling: true, // ends after the first run
    profileFilePrefix,
    extra: {
      session: {
        intra_op: { allow_spinning: "0" }, // idle threads must not eat the cores of capture and the PLC
        ...(onGpu ? { disable_cpu_ep_fallback: "1" } : {}), // create() throws if a node would land on the CPU
      },
    },
  };
}

async function create(
  model: Uint8Array | string,
  options: ort.InferenceSession.SessionOptions,
): Promise<ort.InferenceSession> {
  try {
    return typeof model === "string"
      ? await ort.InferenceSession.create(model, options)
      : await ort.InferenceSession.create(model, options);
  } catch (error) {
    throw new ModelError("model-unusable", messageOf(error), { cause: error });
  }
}

/** Ends the profile of the first run and reads from it where each node ran. */
async function proveProvider(
  session: ort.InferenceSession,
  provider: ProviderName,
  dir: string,
): Promise<string> {
  session.endProfiling();
  const [file] = await readdir(dir);
  if (file === undefined) throw new ModelError("provider-unproven", "ONNX Runtime wrote no profile");
  const counts = nodesByProvider(await readFile(join(dir, file), "utf8"));
  const wanted = PROVIDER_CLASS[provider];
  const all = [...counts.values()].reduce((sum, count) => sum + count, 0);
  const own = counts.get(wanted) ?? 0;
  if (own === 0 || (provider !== "cpu" && own < all)) {
    const found = [...counts].map(([name, count]) => `${count} on ${name}`).join(", ");
    throw new ModelError("provider-unproven", `of ${all} nodes, ${own} ran on ${wanted} (${found})`);
  }
  return `profiled: ${own} of ${all} nodes on ${wanted}`;
}

async function runSession(
  session: ort.InferenceSession,
  feeds: Feeds,
): Promise<Record<string, OutputTensor>> {
  const tensors: Record<string, ort.Tensor> = {};
  const outputs: Record<string, OutputTensor> = {};
  try {
    for (const [name, { dims, data }] of Object.entries(feeds)) {
      tensors[name] =
        data instanceof Uint8Array
          ? new ort.Tensor("uint8", data, dims)
          : new ort.Tensor("float32", data, dims);
    }
    for (const [name, { dims, data }] of Object.entries(await session.run(tensors))) {
      if (!(data instanceof Float32Array)) throw new TypeError(`output ${name} is not float32`);
      outputs[name] = { dims, data };
    }
  } catch (error) {
    throw new InferenceError("run-failed", `ONNX Runtime could not run the model: ${messageOf(error)}`, {
      cause: error,
    });
  }
  return outputs;
}

function describe(metadata: readonly ort.InferenceSession.ValueMetadata[]): TensorDescription[] {
  return metadata.map((value) => {
    const dims = value.isTensor ? value.shape.filter((dim) => typeof dim === "number") : [];
    if (!value.isTensor || dims.length !== value.shape.length) {
      throw new ModelError(
        "model-unusable",
        `${value.name} has no static shape; export the model with fixed sizes`,
      );
    }
    if (value.type !== "float32" && value.type !== "uint8") {
      throw new ModelError("model-unusable", `${value.name} is ${value.type}; expected float32 or uint8`);
    }
    return { name: value.name, type: value.type, dims };
  });
}

function zeroFeeds(inputs: readonly TensorDescription[]): Feeds {
  return Object.fromEntries(
    inputs.map(({ name, type, dims }) => {
      const length = dims.reduce((product, dim) => product * dim, 1);
      return [name, { dims, data: type === "uint8" ? new Uint8Array(length) : new Float32Array(length) }];
    }),
  );
}

/** Fails at once where the provider's shared library is missing, before minutes go into an engine for it. */
async function loadProviderLibrary(provider: ProviderName): Promise<void> {
  try {
    const probe = await ort.InferenceSession.create(new Uint8Array(1), { executionProviders: [provider] });
    await probe.release();
  } catch (error) {
    // One zero byte is no model: if the words are about the model, the provider itself was found.
    if (!/load model|protobuf/i.test(messageOf(error))) {
      throw new ModelError("provider-missing", messageOf(error), { cause: error });
    }
  }
}

async function engineRequest(source: Uint8Array | string, options: TensorRtOptions): Promise<EngineRequest> {
  const model = typeof source === "string" ? await readFile(source) : source;
  const session = await create(model, { executionProviders: ["cpu"], graphOptimizationLevel: "disabled" });
  const inputs = describe(session.inputMetadata);
  const outputs = describe(session.outputMetadata);
  await session.release();
  const { precision, engineCacheDir: cacheDir, logger } = options;
  return { model, inputs, outputs, precision, cacheDir, logger, accelerator: await options.accelerator() };
}
