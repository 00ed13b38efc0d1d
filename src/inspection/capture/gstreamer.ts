import { createRequire } from "node:module";
import type * as Addon from "gstreamer-superficial";
import type { AppSink, AppSource, Pipeline } from "gstreamer-superficial";
import { CaptureError, messageOf } from "../../domain/errors.ts";

/** The one door to gstreamer-superficial (a CommonJS addon). Only the capture process may open it: it blocks threads. */
export interface GStreamer {
  /** @throws CaptureError with GStreamer's words: `wrong-caps` if two elements do not fit, else `bad-launch` */
  parseLaunch(launch: string): Pipeline;
}

/** Loads the addon. @throws CaptureError `gstreamer-missing` if it is not built for this Node version */
export function loadGStreamer(): GStreamer {
  const { Pipeline: Constructor } = load();
  return {
    parseLaunch: (launch) => {
      try {
        return new Constructor(launch);
      } catch (error) {
        const code = messageOf(error).startsWith("could not link") ? "wrong-caps" : "bad-launch";
        throw new CaptureError(code, `GStreamer refuses the pipeline: ${messageOf(error)}.`, {
          cause: error,
        });
      }
    },
  };
}

/** The named appsink of a pipeline. `findChild` leaks (platform.md §2.2): once per pipeline. */
export function appSink(pipeline: Pipeline, name: string): AppSink {
  return pipeline.findChild(name) as AppSink;
}

/** The named appsrc of a pipeline; once per pipeline. */
export function appSource(pipeline: Pipeline, name: string): AppSource {
  return pipeline.findChild(name) as AppSource;
}

function load(): typeof Addon {
  try {
    return createRequire(import.meta.url)("gstreamer-superficial") as typeof Addon;
  } catch (error) {
    throw new CaptureError(
      "gstreamer-missing",
      `gstreamer-superficial cannot be loaded by Node ${process.version}: ${messageOf(error)}. Run scripts/setup.sh again.`,
      { cause: error },
    );
  }
}
