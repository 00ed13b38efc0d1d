import { constants } from "node:fs";
import { access, readdir, stat } from "node:fs/promises";
import { connect } from "node:net";
import { recipeSettings } from "../../config/recipe-settings.ts";
import type { CameraConfig, CameraSource } from "../../config/schema.ts";
import { messageOf } from "../../domain/errors.ts";
import type { Size } from "../../domain/inspection.ts";
import { Camera } from "../../inspection/capture/camera.ts";
import { launchString } from "../../inspection/capture/launch.ts";
import { failed, ok, type Check, type Finding, type Patient, type RunProgram } from "./check.ts";

const FIRST_FRAME_MS = 10_000;

/** Elements that do not come with the three plugin packages of the set-up. */
const ELEMENT_PACKAGES: readonly (readonly [RegExp, string])[] = [
  [
    /^nv/,
    "it is part of NVIDIA's JetPack (package nvidia-l4t-gstreamer): install it on the Jetson, or choose another kind",
  ],
  [/^aravis/, "apt-get install gstreamer1.0-plugins-aravis (or aravis-tools with its GStreamer plugin)"],
  [/^(avdec|libav)/, "apt-get install gstreamer1.0-libav"],
];

/** For each camera: are its GStreamer elements there, does its source answer, and (if asked) does a frame come. */
export function cameraChecks(patient: Patient): readonly Check[] {
  const size = (recipe: string): Size => recipeSettings(patient.config, recipe).pictureSize;
  return patient.config.cameras.flatMap((camera) => [
    {
      name: `${camera.name}: GStreamer elements`,
      find: () => elements(camera, size(camera.recipe), patient.run),
    },
    { name: `${camera.name}: source`, find: () => source(camera.source) },
    ...(patient.openCameras
      ? [{ name: `${camera.name}: first frame`, find: () => firstFrame(camera, patient) }]
      : []),
  ]);
}

async function elements(camera: CameraConfig, size: Size, run: RunProgram): Promise<Finding> {
  let launch: string;
  try {
    launch = launchString(camera.source, camera.crop, size);
  } catch (error) {
    return failed(messageOf(error), `correct the source of camera ${camera.name}`);
  }
  const needed = elementsOf(launch);
  const missing: string[] = [];
  for (const element of needed) {
    const { code } = await run("gst-inspect-1.0", ["--exists", element], 20_000);
    if (code === null)
      return failed(
        "gst-inspect-1.0 does not start",
        "apt-get install gstreamer1.0-tools, or run scripts/setup.sh",
      );
    if (code !== 0) missing.push(element);
  }
  if (missing.length === 0) return ok(`all ${needed.length} are there`);
  return failed(`missing: ${missing.join(", ")}`, missing.map(remedyFor).join("; "));
}

function remedyFor(element: string): string {
  const known = ELEMENT_PACKAGES.find(([pattern]) => pattern.test(element));
  return (
    known?.[1] ??
    `${element}: run scripts/setup.sh (GStreamer plugins base, good, bad), then see gst-inspect-1.0 ${element}`
  );
}

/** The element names of a launch string, each once: the first word between two `!` that is neither caps nor a pad. */
export function elementsOf(launch: string): readonly string[] {
  const withoutQuotes = launch.replaceAll(/"(?:[^"\\]|\\.)*"/g, "_");
  const words = withoutQuotes.split("!").map((segment) => segment.trim().split(/\s+/)[0] ?? "");
  return [...new Set(words.filter((word) => /^[A-Za-z][\w-]*$/.test(word)))];
}

async function source(camera: CameraSource): Promise<Finding> {
  switch (camera.kind) {
    case "v4l2":
      return device(camera.device);
    case "folder":
      return folder(camera.path);
    case "rtsp":
      return reachable(camera.url);
    case "csi":
      return argus("/tmp/argus_socket");
    case "simulated":
      return ok("assayd renders it");
    case "genicam":
    case "pipeline":
      return ok("only a frame can tell: assayd doctor --open");
  }
}

async function device(path: string): Promise<Finding> {
  try {
    await access(path, constants.R_OK | constants.W_OK);
    return ok(`${path} can be opened`);
  } catch (error) {
    const denied = error instanceof Error && "code" in error && error.code === "EACCES";
    if (denied)
      return failed(
        `${path} is not open to this user`,
        "add the user to the group video: usermod -aG video USER",
      );
    const found = (await readdir("/dev"))
      .filter((name) => /^video\d+$/.test(name))
      .map((name) => `/dev/${name}`);
    const list =
      found.length === 0 ? "this machine has no video device" : `this machine has ${found.join(", ")}`;
    return failed(`${path} does not exist; ${list}`, "plug the camera in, or correct device");
  }
}

async function folder(path: string): Promise<Finding> {
  try {
    if ((await stat(path)).isDirectory()) return ok(`${path} is there`);
    return failed(`${path} is not a folder`, "name the folder that holds the pictures");
  } catch (error) {
    return failed(
      `${path} cannot be read (${messageOf(error)})`,
      "correct path (relative ones count from the configuration's folder)",
    );
  }
}

async function argus(socket: string): Promise<Finding> {
  try {
    await access(socket);
    return ok("nvargus-daemon listens");
  } catch {
    return failed(
      `${socket} is not there`,
      "systemctl restart nvargus-daemon; under systemd install with --csi (PrivateTmp hides it)",
    );
  }
}

function reachable(address: string): Promise<Finding> {
  const { hostname, port } = new URL(address);
  return new Promise((resolve) => {
    const socket = connect({ host: hostname, port: Number(port || 554), timeout: 5_000 });
    const finish = (finding: Finding): void => {
      socket.destroy();
      resolve(finding);
    };
    socket.once("connect", () => {
      finish(ok(`${hostname} answers`));
    });
    socket.once("timeout", () => {
      finish(failed(`${hostname} does not answer within 5 s`, "check cable, address and firewall"));
    });
    socket.once("error", (error) => {
      finish(failed(`${hostname} cannot be reached (${error.message})`, "check cable, address and port"));
    });
  });
}

async function firstFrame(config: CameraConfig, patient: Patient): Promise<Finding> {
  const trouble: string[] = [];
  const camera = new Camera({
    config,
    size: recipeSettings(patient.config, config.recipe).pictureSize,
    logger: patient.logger,
    now: () => performance.now(),
    onFrame: () => undefined,
    onState: (change) => {
      if (change.state !== "playing" && change.state !== "opening") trouble.push(change.message);
    },
  });
  const started = performance.now();
  camera.start();
  try {
    const frame = await camera.grab({ mode: "next", maxAgeMs: 1000, timeoutMs: FIRST_FRAME_MS });
    const seconds = ((performance.now() - started) / 1000).toFixed(1);
    return ok(`a frame of ${frame.width}x${frame.height} after ${seconds} s (time stamps by ${frame.clock})`);
  } catch (error) {
    return failed(
      [messageOf(error), ...new Set(trouble)].join("; "),
      "mend what the camera says, then run the doctor again",
    );
  } finally {
    await camera.stop();
  }
}
