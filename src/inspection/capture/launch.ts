import type { CameraConfig, CameraSource } from "../../config/schema.ts";
import { ConfigError } from "../../domain/errors.ts";
import type { Size } from "../../domain/inspection.ts";

/** Names of our elements in the launch string. */
export const ELEMENTS = { source: "source", frames: "sink", evidence: "evidence" } as const;

type Source<Kind extends CameraSource["kind"]> = Extract<CameraSource, { kind: Kind }>;

/** Frames that an appsink keeps while our thread is busy; the oldest goes first. */
const SINK = "sync=false enable-last-sample=false max-buffers=8 drop=true";
/** A player waits for its frames (picture-player.ts): nothing is lost, and the queue stays short. */
const LOSSLESS = "queue max-size-buffers=64 max-size-bytes=0 max-size-time=0";
const LEAKY = "queue leaky=downstream max-size-buffers=2 max-size-bytes=0 max-size-time=0";

/**
 * The GStreamer launch string of a camera. Every frame goes two ways: cropped and scaled to RGB8 of `size` (appsink
 * `sink`), and as a full-size JPEG (appsink `evidence`); both as GDP packets, because the addon gives no time stamps.
 * Simulated and folder cameras begin with an appsrc named `source` that takes RGB8 of `size`.
 * @throws ConfigError if the width is not a multiple of 4 (GStreamer pads RGB rows to 4 bytes) or a value has control characters
 */
export function launchString(source: CameraSource, crop: CameraConfig["crop"], size: Size): string {
  if (size.width % 4 !== 0) {
    throw new ConfigError(
      "bad-size",
      `Model width ${size.width} is not a multiple of 4; use a multiple of 32.`,
    );
  }
  const queue = source.kind === "simulated" || source.kind === "folder" ? LOSSLESS : LEAKY;
  return `${head(source, size)} ! tee name=frames ${framesBranch(queue, crop, size)} ${evidenceBranch()}`;
}

/**
 * A value inside a launch string: in double quotes, with `\` before `\` and `"`, so that it cannot become an element.
 * @throws ConfigError for control characters, or a value that GStreamer itself would unwrap (beginning with a quote)
 */
export function quote(value: string): string {
  // eslint-disable-next-line no-control-regex -- control characters are what is refused
  if (/[\u0000-\u001f\u007f]/.test(value) || value.startsWith('"')) {
    throw new ConfigError(
      "bad-launch-value",
      `${JSON.stringify(value)} cannot be given to GStreamer: no control characters, and no quote at the beginning.`,
    );
  }
  return `"${value.replace(/[\\"]/g, "\\$&")}"`;
}

/** True for cameras that make one picture per request. */
export function isOnDemand(source: CameraSource): boolean {
  return "pace" in source && source.pace === "demand";
}

/** True for a camera that waits for a hardware trigger: it may be silent for as long as it likes. */
export function isTriggered(source: CameraSource): boolean {
  return source.kind === "genicam" && /TriggerMode\s*=\s*On/i.test(source.features);
}

/** Crop and scale (multi-tap: every source pixel counts, no moiré), stretched to the model's size like the training pictures. */
function framesBranch(queue: string, crop: CameraConfig["crop"], size: Size): string {
  const { top, bottom, left, right } = crop;
  return (
    `frames. ! ${queue} ! videocrop top=${top} bottom=${bottom} left=${left} right=${right} ` +
    `! videoscale method=bilinear2 add-borders=false ! videoconvert ` +
    `! video/x-raw,format=RGB,width=${size.width},height=${size.height},pixel-aspect-ratio=1/1 ` +
    `! gdppay ! appsink name=${ELEMENTS.frames} ${SINK}`
  );
}

function evidenceBranch(): string {
  return `frames. ! ${LEAKY} ! videoconvert ! jpegenc quality=90 ! gdppay ! appsink name=${ELEMENTS.evidence} ${SINK}`;
}

function head(source: CameraSource, size: Size): string {
  switch (source.kind) {
    case "simulated":
    case "folder":
      return appSourceHead(size);
    case "v4l2":
      return v4l2(source);
    case "rtsp":
      return rtsp(source);
    case "csi":
      return csi(source);
    case "genicam":
      return genicam(source);
    case "pipeline":
      return source.launch.replace(/[\s!]+$/, "");
  }
}

/** Variable frame rate: the time stamps are ours. */
function appSourceHead(size: Size): string {
  return (
    `appsrc name=${ELEMENTS.source} is-live=true format=time max-bytes=0 ` +
    `caps="video/x-raw,format=RGB,width=${size.width},height=${size.height},framerate=0/1,pixel-aspect-ratio=1/1"`
  );
}

function v4l2(source: Source<"v4l2">): string {
  const media = source.format === "raw" ? "video/x-raw" : "image/jpeg";
  const caps = [media];
  if (source.width !== undefined) caps.push(`width=${source.width}`);
  if (source.height !== undefined) caps.push(`height=${source.height}`);
  if (source.fps !== undefined) caps.push(`framerate=${source.fps}/1`);
  const decode = source.format === "mjpeg" ? " ! jpegdec" : "";
  return `v4l2src device=${quote(source.device)} io-mode=mmap do-timestamp=true ! ${caps.join(",")}${decode}`;
}

/** TCP: a lost UDP packet is a torn picture. The time-out is in µs. */
function rtsp(source: Source<"rtsp">): string {
  const receive =
    `rtspsrc location=${quote(source.url)} protocols=tcp latency=${source.latencyMs} drop-on-latency=true ` +
    "tcp-timeout=5000000";
  return `${receive} ! ${depay(source.codec)} ! ${decoder(source)}`;
}

function depay(codec: Source<"rtsp">["codec"]): string {
  if (codec === "mjpeg") return "rtpjpegdepay";
  return `rtp${codec}depay ! ${codec}parse`;
}

/** disable-dpb: 33 -> 1.5 ms of decoder delay where there are no B frames (platform.md §2.1). */
function decoder({ codec, decoder }: Source<"rtsp">): string {
  if (decoder === "software") return codec === "mjpeg" ? "jpegdec" : "decodebin";
  const options = codec === "mjpeg" ? "mjpeg=1" : "enable-max-performance=1 disable-dpb=1";
  return `nvv4l2decoder ${options} ! nvvidconv ! video/x-raw,format=BGRx`;
}

/** Fixed exposure, gain and white balance: a changing picture looks like an anomaly. Ranges are in ns. */
function csi(source: Source<"csi">): string {
  const exposureNs = source.exposureUs * 1000;
  return (
    `nvarguscamerasrc sensor-id=${source.sensorId} exposuretimerange="${exposureNs} ${exposureNs}" ` +
    `gainrange="${source.gain} ${source.gain}" aelock=true awblock=true ` +
    `! video/x-raw(memory:NVMM),width=${source.width},height=${source.height},format=NV12,framerate=${source.fps}/1 ` +
    "! nvvidconv ! video/x-raw,format=BGRx"
  );
}

function genicam(source: Source<"genicam">): string {
  const features = source.features === "" ? "" : ` features=${quote(source.features)}`;
  return (
    `aravissrc camera-name=${quote(source.cameraName)} exposure-auto=off exposure=${source.exposureUs} gain-auto=off ` +
    `gain=${source.gain} auto-packet-size=true packet-resend=true num-arv-buffers=8${features} ! ${genicamCaps(source)}`
  );
}

function genicamCaps({ pixelFormat }: Source<"genicam">): string {
  if (pixelFormat.startsWith("bayer-")) return `video/x-bayer,format=${pixelFormat.slice(6)} ! bayer2rgb`;
  return `video/x-raw,format=${pixelFormat}`;
}
