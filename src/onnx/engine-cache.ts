import { createHash } from "node:crypto";
import { mkdir, readdir, readFile, rename, rm, stat, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Logger } from "pino";
import { ModelError } from "../domain/errors.ts";
import type { Accelerator } from "./accelerator.ts";
import { encodeEpContext, type TensorDescription } from "./ep-context.ts";

/** All that a TensorRT engine depends on; ONNX Runtime itself never notices a stale engine. */
export interface EngineIdentity {
  readonly onnxSha256: string;
  readonly tensorrtVersion: string;
  readonly l4tRelease: string;
  readonly computeCapability: string;
  readonly precision: "fp32" | "fp16";
  readonly flags: readonly string[];
}

export interface EngineRequest {
  readonly model: Uint8Array;
  readonly inputs: readonly TensorDescription[];
  readonly outputs: readonly TensorDescription[];
  readonly precision: "fp32" | "fp16";
  readonly cacheDir: string;
  readonly accelerator: Accelerator;
  readonly logger: Logger;
}

/** An engine ready to be opened, not yet trusted: `keep` after the golden check, else `discard`. */
export interface PreparedEngine {
  /** The one-node ONNX that names the engine. */
  readonly wrapper: string;
  readonly identity: EngineIdentity;
  /** False: it was built just now. */
  readonly cached: boolean;
  keep(): Promise<void>;
  discard(): Promise<void>;
}

/** Engines kept: the active bundle, its parents to roll back to, one teacher. */
const KEPT_ENGINES = 6;
/** An engine takes minutes to build on a Jetson (platform.md §1.7). */
const BUILD_TIMEOUT_MS = 60 * 60 * 1000;

/** File name (without extension) of an engine in the cache. */
export function engineKey(identity: EngineIdentity): string {
  const parts = [
    identity.onnxSha256,
    identity.tensorrtVersion,
    identity.l4tRelease,
    identity.computeCapability,
    identity.precision,
    ...identity.flags,
  ];
  return createHash("sha256").update(JSON.stringify(parts)).digest("hex").slice(0, 40);
}

/**
 * trtexec's flags for a version: `--buildOnly` became `--skipInference` in 8.6; TensorRT 11 knows only strongly typed
 * networks, so the ONNX itself must be FP16 there.
 */
export function engineFlags(tensorrtVersion: string, precision: "fp32" | "fp16"): string[] {
  const version = Number(tensorrtVersion.slice(1));
  const major = version >= 10_000 ? Math.floor(version / 10_000) : Math.floor(version / 1000);
  const buildOnly = major > 8 || version >= 8600 ? "--skipInference" : "--buildOnly";
  return precision === "fp16" && major < 11 ? ["--fp16", buildOnly] : [buildOnly];
}

/**
 * Takes the engine for this model out of the cache, or has trtexec build it under a temporary name (minutes).
 * @throws ModelError `engine-build-failed`
 */
export async function prepareEngine(request: EngineRequest): Promise<PreparedEngine> {
  const { accelerator, cacheDir } = request;
  const identity: EngineIdentity = {
    onnxSha256: createHash("sha256").update(request.model).digest("hex"),
    tensorrtVersion: accelerator.tensorrtVersion,
    l4tRelease: accelerator.l4tRelease,
    computeCapability: accelerator.computeCapability,
    precision: request.precision,
    flags: engineFlags(accelerator.tensorrtVersion, request.precision),
  };
  const name = engineKey(identity);
  await mkdir(cacheDir, { recursive: true });
  const removed = await pruneEngines(cacheDir, identity);
  if (removed.length > 0) request.logger.info({ removed }, "stale TensorRT engines removed");
  if (await exists(join(cacheDir, `${name}.json`))) return cachedEngine(cacheDir, name, identity);
  return buildEngine(request, name, identity);
}

function cachedEngine(cacheDir: string, name: string, identity: EngineIdentity): PreparedEngine {
  return {
    wrapper: join(cacheDir, `${name}.onnx`),
    identity,
    cached: true,
    keep: async () => {
      const now = Date.now() / 1000;
      await utimes(join(cacheDir, `${name}.json`), now, now); // last use, for pruning
    },
    discard: () => removeEngine(cacheDir, name),
  };
}

async function buildEngine(
  request: EngineRequest,
  name: string,
  identity: EngineIdentity,
): Promise<PreparedEngine> {
  const { cacheDir, logger } = request;
  const temporary = `${name}.tmp`;
  await removeEngine(cacheDir, temporary);
  const source = join(cacheDir, `${temporary}.source`);
  const engine = join(cacheDir, `${temporary}.engine`);
  const timingCache = join(cacheDir, `timing-${identity.tensorrtVersion}.cache`);
  logger.info(
    { engine: name, precision: identity.precision },
    "building a TensorRT engine; this takes minutes",
  );
  try {
    await writeFile(source, request.model);
    await request.accelerator.trtexec(
      [`--onnx=${source}`, `--saveEngine=${engine}`, `--timingCacheFile=${timingCache}`, ...identity.flags],
      AbortSignal.timeout(BUILD_TIMEOUT_MS),
    );
    if (!(await exists(engine))) throw new ModelError("engine-build-failed", `trtexec left no ${engine}`);
  } catch (error) {
    await removeEngine(cacheDir, temporary);
    throw error;
  } finally {
    await rm(source, { force: true });
  }
  await writeWrapper(request, temporary);
  return {
    wrapper: join(cacheDir, `${temporary}.onnx`),
    identity,
    cached: false,
    keep: () => keepEngine(request, { temporary, name, identity }),
    discard: () => removeEngine(cacheDir, temporary),
  };
}

async function keepEngine(
  request: EngineRequest,
  names: { readonly temporary: string; readonly name: string; readonly identity: EngineIdentity },
): Promise<void> {
  const { cacheDir } = request;
  await rename(join(cacheDir, `${names.temporary}.engine`), join(cacheDir, `${names.name}.engine`));
  await writeWrapper(request, names.name);
  await removeEngine(cacheDir, names.temporary);
  await writeFile(join(cacheDir, `${names.name}.json`), JSON.stringify(names.identity)); // last: marks it complete
}

async function writeWrapper(request: EngineRequest, name: string): Promise<void> {
  const { inputs, outputs, cacheDir } = request;
  const wrapper = encodeEpContext({ engineFile: `${name}.engine`, inputs, outputs });
  await writeFile(join(cacheDir, `${name}.onnx`), wrapper);
}

/**
 * Removes engines of another TensorRT, board release or GPU, incomplete ones, and the least recently used beyond six.
 * @returns names of the engines removed.
 */
export async function pruneEngines(cacheDir: string, current: EngineIdentity): Promise<string[]> {
  const files = await readdir(cacheDir);
  const names = new Set(
    files.filter((file) => /\.(engine|onnx|json)$/.test(file)).map((file) => file.replace(/\.\w+$/, "")),
  );
  const kept: { readonly name: string; readonly usedAt: number }[] = [];
  const removed: string[] = [];
  for (const name of names) {
    const usedAt = await lastUseIfCurrent(join(cacheDir, `${name}.json`), current);
    if (usedAt === null) removed.push(name);
    else kept.push({ name, usedAt });
  }
  kept.sort((a, b) => b.usedAt - a.usedAt);
  removed.push(...kept.slice(KEPT_ENGINES).map((entry) => entry.name));
  for (const name of removed) await removeEngine(cacheDir, name);
  return removed;
}

async function lastUseIfCurrent(identityFile: string, current: EngineIdentity): Promise<number | null> {
  try {
    const identity = JSON.parse(await readFile(identityFile, "utf8")) as Partial<EngineIdentity>;
    const samePlatform =
      identity.tensorrtVersion === current.tensorrtVersion &&
      identity.l4tRelease === current.l4tRelease &&
      identity.computeCapability === current.computeCapability;
    return samePlatform ? (await stat(identityFile)).mtimeMs : null;
  } catch {
    return null; // incomplete or unreadable: a cache entry that nobody can trust
  }
}

async function removeEngine(cacheDir: string, name: string): Promise<void> {
  for (const extension of ["json", "onnx", "engine", "source"])
    await rm(join(cacheDir, `${name}.${extension}`), { force: true });
}

async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch {
    return false;
  }
}
