import { describe, expect, test } from "vitest";
import { cameraSourceSchema } from "../../../src/config/schema.ts";
import { ConfigError } from "../../../src/domain/errors.ts";
import { loadGStreamer } from "../../../src/inspection/capture/gstreamer.ts";
import { launchString, quote } from "../../../src/inspection/capture/launch.ts";

const NO_CROP = { top: 0, bottom: 0, left: 0, right: 0 };
const SIZE = { width: 256, height: 256 };

function head(source: Record<string, unknown>): string {
  const launch = launchString(cameraSourceSchema.parse(source), NO_CROP, SIZE);
  return launch.slice(0, launch.indexOf(" ! tee name=frames "));
}

describe("launchString", () => {
  test("ends in cropped and scaled RGB with time stamps, and in full-size JPEGs", () => {
    const launch = launchString(
      cameraSourceSchema.parse({ kind: "pipeline", launch: "videotestsrc" }),
      { top: 1, bottom: 2, left: 3, right: 4 },
      SIZE,
    );
    expect(launch).toContain(
      "videocrop top=1 bottom=2 left=3 right=4 ! videoscale method=bilinear2 add-borders=false",
    );
    expect(launch).toContain(
      "video/x-raw,format=RGB,width=256,height=256,pixel-aspect-ratio=1/1 ! gdppay ! appsink name=sink",
    );
    expect(launch).toContain("jpegenc quality=90 ! gdppay ! appsink name=evidence");
    expect(launch.match(/queue leaky=downstream/g)).toHaveLength(2);
  });

  test("feeds simulated and folder cameras through an appsrc of model size", () => {
    const expected =
      'appsrc name=source is-live=true format=time max-bytes=0 caps="video/x-raw,format=RGB,width=256,height=256,framerate=0/1,pixel-aspect-ratio=1/1"';
    expect(head({ kind: "simulated" })).toBe(expected);
    expect(head({ kind: "folder", path: "pictures" })).toBe(expected);
  });

  test("opens V4L2 cameras raw or as MJPEG", () => {
    expect(head({ kind: "v4l2", device: "/dev/video2" })).toBe(
      'v4l2src device="/dev/video2" io-mode=mmap do-timestamp=true ! video/x-raw',
    );
    expect(head({ kind: "v4l2", format: "mjpeg", width: 1280, height: 720, fps: 30 })).toBe(
      'v4l2src device="/dev/video0" io-mode=mmap do-timestamp=true ! image/jpeg,width=1280,height=720,framerate=30/1 ! jpegdec',
    );
  });

  test("opens RTSP cameras by codec and decoder", () => {
    const rtsp = { kind: "rtsp", url: "rtsp://cam/1" };
    const receive =
      'rtspsrc location="rtsp://cam/1" protocols=tcp latency=50 drop-on-latency=true tcp-timeout=5000000';
    expect(head(rtsp)).toBe(`${receive} ! rtph264depay ! h264parse ! decodebin`);
    expect(head({ ...rtsp, codec: "mjpeg" })).toBe(`${receive} ! rtpjpegdepay ! jpegdec`);
    expect(head({ ...rtsp, codec: "h265", decoder: "jetson" })).toBe(
      `${receive} ! rtph265depay ! h265parse ! nvv4l2decoder enable-max-performance=1 disable-dpb=1 ! nvvidconv ! video/x-raw,format=BGRx`,
    );
    expect(head({ ...rtsp, codec: "mjpeg", decoder: "jetson" })).toContain(
      "nvv4l2decoder mjpeg=1 ! nvvidconv",
    );
  });

  test("opens Jetson CSI cameras with fixed exposure, gain and white balance", () => {
    expect(head({ kind: "csi", sensorId: 1, exposureUs: 4000, gain: 2 })).toBe(
      'nvarguscamerasrc sensor-id=1 exposuretimerange="4000000 4000000" gainrange="2 2" aelock=true awblock=true ' +
        "! video/x-raw(memory:NVMM),width=1920,height=1080,format=NV12,framerate=30/1 ! nvvidconv ! video/x-raw,format=BGRx",
    );
  });

  test("opens GenICam cameras in grey, Bayer and RGB", () => {
    const genicam = {
      kind: "genicam",
      cameraName: "Basler-1",
      features: "TriggerMode=On TriggerSource=Line1",
    };
    expect(head(genicam)).toBe(
      'aravissrc camera-name="Basler-1" exposure-auto=off exposure=8000 gain-auto=off gain=0 auto-packet-size=true packet-resend=true ' +
        'num-arv-buffers=8 features="TriggerMode=On TriggerSource=Line1" ! video/x-raw,format=GRAY8',
    );
    expect(head({ ...genicam, pixelFormat: "bayer-rggb" })).toContain(
      "! video/x-bayer,format=rggb ! bayer2rgb",
    );
    expect(head({ ...genicam, pixelFormat: "RGB" })).toContain("! video/x-raw,format=RGB");
  });

  test("takes a custom pipeline as it is, without a link at its end", () => {
    expect(head({ kind: "pipeline", launch: "videotestsrc is-live=true ! identity ! " })).toBe(
      "videotestsrc is-live=true ! identity",
    );
  });

  test("refuses a width whose RGB rows GStreamer would pad", () => {
    expect(() =>
      launchString(cameraSourceSchema.parse({ kind: "simulated" }), NO_CROP, { width: 254, height: 256 }),
    ).toThrow(/multiple of 4/);
  });
});

describe("quote", () => {
  const values = [
    "/dev/video0",
    "a b",
    'a"b',
    'ab"',
    "a\\b",
    "\\",
    "a ! fakesink name=x",
    "a' ! x",
    "x=y;z,(int)1",
    "ünï",
    "$(x) `y`",
    "'single'",
    " lead",
    "{",
  ];

  test.each(values)("GStreamer reads back %j unchanged, as one value", (value) => {
    const pipeline = loadGStreamer().parseLaunch(`filesrc name=file location=${quote(value)} ! fakesink`);
    expect((pipeline.findChild("file") as { location: string }).location).toBe(value);
  });

  test.each(["a\nb", "a\0b", '"quoted"'])("refuses %j", (value) => {
    expect(() => quote(value)).toThrow(ConfigError);
  });
});

describe("loadGStreamer", () => {
  test("names GStreamer's reason for refusing a launch string", () => {
    expect(() => loadGStreamer().parseLaunch("fakesrc ! nosuchelement ! fakesink")).toThrow(
      /no element "nosuchelement"/,
    );
  });
});
