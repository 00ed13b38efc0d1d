import type { CameraSource } from "../../config/schema.ts";
import type { Fault } from "./pipeline.ts";

/** A fault in words for the operator: which source, what GStreamer says, what to do. Passwords in addresses are masked. */
export function faultText(source: CameraSource, fault: Fault): string {
  const system = /system error: ([^\n]+)/.exec(fault.debug ?? "")?.[1];
  const words = [fault.message, ...(system === undefined ? [] : [`(${system})`])]
    .join(" ")
    .replace(/\.$/, "");
  return maskPasswords(`${sourceName(source)}: ${words}. ${remedy(source, fault)}`);
}

/** `rtsp://user:secret@host` becomes `rtsp://user:***@host`. */
export function maskPasswords(text: string): string {
  return text.replace(/(\w+:\/\/[^\s:/@]+):[^\s/]*@/g, "$1:***@");
}

function sourceName(source: CameraSource): string {
  switch (source.kind) {
    case "simulated":
      return "simulated camera";
    case "folder":
      return `picture folder ${source.path}`;
    case "v4l2":
      return `camera ${source.device}`;
    case "rtsp":
      return `camera ${source.url}`;
    case "csi":
      return `CSI camera ${source.sensorId}`;
    case "genicam":
      return `GenICam camera ${source.cameraName}`;
    case "pipeline":
      return `pipeline "${source.launch}"`;
  }
}

function remedy(source: CameraSource, fault: Fault): string {
  if (fault.code === "wrong-caps") return "Correct the format in the configuration or the pipeline.";
  switch (source.kind) {
    case "v4l2":
      return "Is it plugged in, free and readable (group video)? `v4l2-ctl --list-devices` lists cameras and `--list-formats-ext` their formats.";
    case "rtsp":
      return "Check address, user, password and codec, and that the camera answers on the network.";
    case "csi":
      return "Check the ribbon cable and sensorId; `systemctl restart nvargus-daemon` helps after a sensor error.";
    case "genicam":
      return "`arv-tool-0.8` lists cameras; check power, network and that no other program holds it.";
    case "pipeline":
      return "Try it with `gst-launch-1.0`, ending in `! fakesink`.";
    case "folder":
    case "simulated":
      return "This comes from inside assayd; please report it.";
  }
}
