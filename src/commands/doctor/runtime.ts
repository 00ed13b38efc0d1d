import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { messageOf } from "../../domain/errors.ts";
import { failed, ok, warning, type Check, type Finding, type Patient, type RunProgram } from "./check.ts";

const SETUP = "run scripts/setup.sh";
const ROOT = fileURLToPath(new URL("../../..", import.meta.url));

/** Node, ONNX Runtime with its providers, the native add-ons, the training runtime. */
export function runtimeChecks(patient: Patient): readonly Check[] {
  return [
    { name: "node", find: () => Promise.resolve(nodeVersion(process.versions.node)) },
    { name: "inference", find: () => inference(patient) },
    { name: "capture add-on", find: () => loadsInChild("gstreamer-superficial", patient.run, failed) },
    { name: "systemd add-on", find: () => loadsInChild("sd-notify", patient.run, warning) },
    { name: "training runtime", find: () => trainingRuntime(patient.run) },
  ];
}

/** @param version e.g. `22.23.3` */
export function nodeVersion(version: string): Finding {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  if (major === 22 && minor >= 18) return ok(`Node ${version}`);
  return failed(
    `Node ${version}; expected 22.18 or a later 22`,
    `${SETUP}, and start assayd by scripts/assayd`,
  );
}

/** Which of the configured providers really runs a model: proven by a profiled run of a tiny one. */
async function inference(patient: Patient): Promise<Finding> {
  // Loaded only here: the command line must start without ONNX Runtime.
  const { openSession } = await import("../../onnx/session.ts");
  const { detectAccelerator } = await import("../../onnx/accelerator.ts");
  const { providers, precision } = patient.config.inference;
  try {
    const session = await openSession({
      model: await tinyModel(),
      providers,
      threads: 1,
      tensorrt: {
        precision,
        engineCacheDir: `${patient.config.station.stateDir}/engines`,
        logger: patient.logger,
        accelerator: () => detectAccelerator(patient.env.PATH ?? ""),
      },
    });
    await session.release();
    const { provider, proof, rejected } = session.report;
    const others = rejected.map((other) => `; not ${other.provider}: ${other.reason}`).join("");
    return ok(`${provider} (${proof})${others}`);
  } catch (error) {
    return failed(
      messageOf(error),
      'set inference.providers to a list that ends with "cpu", or install what is missing',
    );
  }
}

/** y = Relu(x) on four numbers. */
async function tinyModel(): Promise<Uint8Array> {
  const { encodeModel, node, valueInfo } = await import("../../onnx/encode.ts");
  const { DATA_TYPE } = await import("../../onnx/onnx-proto.ts");
  return encodeModel({
    irVersion: 8,
    opsetImport: [{ domain: "", version: 17 }],
    graph: {
      name: "doctor",
      node: [node("Relu", ["x"], "y")],
      initializer: [],
      input: [valueInfo("x", DATA_TYPE.float, [1, 4])],
      output: [valueInfo("y", DATA_TYPE.float, [1, 4])],
    },
  });
}

async function loadsInChild(name: string, run: RunProgram, otherwise: typeof failed): Promise<Finding> {
  const script = `require(${JSON.stringify(join(ROOT, "node_modules", name))})`;
  const { code, stderr } = await run(process.execPath, ["-e", script], 20_000);
  return code === 0 ? ok(`${name} loads`) : otherwise(`${name} does not load: ${lastLine(stderr)}`, SETUP);
}

async function trainingRuntime(run: RunProgram): Promise<Finding> {
  const entry = fileURLToPath(new URL("../../training/runtime-check.ts", import.meta.url));
  const { code, stdout, stderr } = await run(
    process.execPath,
    ["--disable-warning=ExperimentalWarning", entry],
    60_000,
  );
  if (code === 0) return ok(stdout.trim());
  return failed(`TensorFlow does not load, so nothing can be trained: ${lastLine(stderr)}`, SETUP);
}

/** The line of a stack trace that says what went wrong. */
function lastLine(text: string): string {
  const lines = text.trim().split("\n");
  return lines.find((line) => /\bError\b/.test(line)) ?? lines.at(-1) ?? "";
}
