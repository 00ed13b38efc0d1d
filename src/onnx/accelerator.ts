import { execFile } from "node:child_process";
import { access, constants, readFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { ModelError, messageOf } from "../domain/errors.ts";

/** The GPU side of this machine, as far as a TensorRT engine depends on it. */
export interface Accelerator {
  /** As trtexec prints it, e.g. `v100300`. */
  readonly tensorrtVersion: string;
  /** NVIDIA's board support release, e.g. `36.4.3`; `none` on other machines. */
  readonly l4tRelease: string;
  /** e.g. `8.7`; `unknown` if nothing says it. */
  readonly computeCapability: string;
  /** Runs trtexec and gives all it printed. Rejects with its last lines if it fails or is aborted. */
  readonly trtexec: (args: readonly string[], signal: AbortSignal) => Promise<string>;
}

/** Jetson chips (device tree `compatible`) and their compute capability (NVIDIA CUDA GPU list). */
const JETSON_CHIPS: readonly (readonly [string, string])[] = [
  ["tegra264", "11.0"],
  ["tegra234", "8.7"],
  ["tegra194", "7.2"],
  ["tegra186", "6.2"],
  ["tegra210", "5.3"],
];

/**
 * Finds trtexec and reads what the engine's identity depends on.
 * @param searchPath folders joined by ":", as in PATH; JetPack's own folder is tried after them
 * @param root where `/etc` and `/proc` are; another folder in tests
 * @throws ModelError `no-trtexec`
 */
export async function detectAccelerator(searchPath: string, root = "/"): Promise<Accelerator> {
  const folders = searchPath.split(":").filter((folder) => folder !== "");
  const binary = await findExecutable("trtexec", [...folders, join(root, "usr/src/tensorrt/bin")]);
  if (binary === null) {
    throw new ModelError(
      "no-trtexec",
      "trtexec is neither on PATH nor in /usr/src/tensorrt/bin; it builds the TensorRT engine. Install libnvinfer-bin.",
    );
  }
  const trtexec = (args: readonly string[], signal: AbortSignal) => runTrtexec(binary, args, signal);
  const banner = await trtexec(["--help"], AbortSignal.timeout(30_000));
  return {
    tensorrtVersion: /\[TensorRT (v\d+)\]/.exec(banner)?.[1] ?? "unknown",
    l4tRelease: l4tRelease(await readText(join(root, "etc/nv_tegra_release"))),
    computeCapability: await computeCapability(folders, root),
    trtexec,
  };
}

/** `# R36 (release), REVISION: 4.3, …` → `36.4.3`. */
export function l4tRelease(text: string): string {
  const match = /R(\d+) \(release\), REVISION: ([\d.]+)/.exec(text);
  return match === null ? "none" : `${match[1] ?? ""}.${match[2] ?? ""}`;
}

async function computeCapability(folders: readonly string[], root: string): Promise<string> {
  const compatible = await readText(join(root, "proc/device-tree/compatible"));
  const chip = JETSON_CHIPS.find(([name]) => compatible.includes(name));
  if (chip !== undefined) return chip[1];
  const smi = await findExecutable("nvidia-smi", folders);
  if (smi === null) return "unknown";
  try {
    const query = ["--query-gpu=compute_cap", "--format=csv,noheader", "--id=0"];
    const { stdout } = await promisify(execFile)(smi, query, { timeout: 10_000 });
    return /^\d+\.\d+/.exec(stdout)?.[0] ?? "unknown";
  } catch {
    return "unknown"; // a driver tool without a driver: the provider's own attempt tells the rest
  }
}

async function runTrtexec(binary: string, args: readonly string[], signal: AbortSignal): Promise<string> {
  const running = promisify(execFile)(binary, args, { signal, maxBuffer: 64 << 20 });
  const end = () => running.child.kill(); // a build of minutes must not outlive us
  process.once("exit", end);
  try {
    const { stdout, stderr } = await running;
    return stdout + stderr;
  } catch (error) {
    const { stdout = "", stderr = "" } = error as { stdout?: string; stderr?: string };
    const lines = `${stdout}\n${stderr}`.trim().split("\n").slice(-4).join(" | ");
    throw new ModelError(
      "engine-build-failed",
      `trtexec failed: ${lines === "" ? messageOf(error) : lines}`,
      {
        cause: error,
      },
    );
  } finally {
    process.off("exit", end);
  }
}

async function findExecutable(name: string, folders: readonly string[]): Promise<string | null> {
  for (const folder of folders) {
    const path = join(folder, name);
    try {
      await access(path, constants.X_OK);
      return path;
    } catch {
      continue;
    }
  }
  return null;
}

async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch {
    return ""; // the file belongs to Jetson boards only
  }
}
