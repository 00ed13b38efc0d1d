import type { Frame, Size } from "../../domain/inspection.ts";
import type { CameraSource, CameraConfig } from "../../config/schema.ts";

/** Messages between the main process and one capture process. */

export type CaptureRequest =
  | {
      readonly type: "open";
      readonly camera: string;
      readonly source: CameraSource;
      readonly crop: CameraConfig["crop"];
      readonly stallTimeoutMs: number;
      readonly frozenAfterFrames: number;
      /** Black, white and flat pictures are refused to grabs. */
      readonly checkImage: boolean;
      /** Counter of the first frame: counting goes on when a capture process is replaced, so frame ids stay unique. */
      readonly firstCounter: number;
      /** Model size: frames are delivered as RGB8 of this size. */
      readonly size: Size;
    }
  /** One frame please: `next` = the first that arrives from now on; `latest` = the newest if younger than maxAgeMs, else the next. Answered by `frame` with the same grabId, or `grab-failed`. */
  | {
      readonly type: "grab";
      readonly grabId: number;
      readonly mode: "next" | "latest";
      readonly maxAgeMs: number;
      readonly timeoutMs: number;
    }
  /** Every frame is a part: push each (grabId null) until turned off. */
  | { readonly type: "stream"; readonly on: boolean }
  /** The full-size JPEG of a recent frame (ring of the last 32). */
  | { readonly type: "evidence"; readonly requestId: number; readonly frameId: string }
  /** Simulated and folder cameras: play only normal parts (teaching) or the mixed line. Ignored by real cameras. */
  | { readonly type: "line"; readonly content: "normal" | "mixed" };

export type OpenRequest = Extract<CaptureRequest, { type: "open" }>;

export type CameraState = "opening" | "playing" | "stalled" | "frozen" | "ended" | "failed";

export type CaptureReport =
  | { readonly type: "state"; readonly state: CameraState; readonly code: string; readonly message: string }
  | {
      readonly type: "frame";
      readonly grabId: number | null;
      readonly frame: Frame;
      /** frames lost between the last delivered one and this, in stream mode */ readonly missed: number;
    }
  | {
      readonly type: "grab-failed";
      readonly grabId: number;
      readonly reason: "no_frame" | "stale_frame" | "image_quality";
      readonly message: string;
    }
  | { readonly type: "evidence"; readonly requestId: number; readonly jpeg: Uint8Array | null }
  /** Four times a second, so that silence is noticed; rate, light and sharpness are measured once a second. */
  | {
      readonly type: "heartbeat";
      readonly frames: number;
      readonly fps: number;
      readonly frameAgeMs: number | null;
      readonly brightness: number | null;
      readonly sharpness: number | null;
      readonly rssBytes: number;
    };
