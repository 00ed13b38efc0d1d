import type { Config } from "../../config/schema.ts";

/** Messages between `assayd bench` and the two kinds of process that it measures. One request at a time, one reply each. */

export type StationRequest =
  | { readonly type: "open"; readonly config: Config }
  /** Parts as fast as they are answered, `inFlight` of each of the first `cameras` at once, until `seconds` or `parts` are over. */
  | {
      readonly type: "race";
      readonly seconds: number;
      readonly parts: number;
      readonly cameras: number;
      readonly inFlight: number;
    }
  /** The parts that come by themselves: each frame of a clocked camera is one. */
  | { readonly type: "attend"; readonly parts: number }
  | { readonly type: "close" };

export interface Opened {
  readonly type: "opened";
  readonly brokerUrl: string;
  readonly topicRoot: string;
  readonly cameras: readonly string[];
  /** Where the inspector really runs, e.g. `cpu`. */
  readonly provider: "tensorrt" | "cuda" | "cpu";
  readonly pids: { readonly main: number; readonly capture: number; readonly inference: number };
}

export interface Raced {
  readonly type: "raced";
  /** Parts with a score, and parts that ended as ERR. */
  readonly judged: number;
  readonly failed: number;
  /** Parts of the camera that had the fewest judged, as a share of an even share. */
  readonly leastShare: number;
}

/** Times of the judged parts, ms. */
export interface Attended {
  readonly type: "attended";
  readonly totalMs: readonly number[];
  readonly inferMs: readonly number[];
  readonly failed: number;
}

export type StationReply =
  | Opened
  | Raced
  | Attended
  | { readonly type: "closed" }
  | { readonly type: "refused"; readonly message: string };

export type BareRequest =
  | {
      readonly type: "open";
      /** ONNX files with one uint8 [1, H, W, 3] input, by name. */
      readonly models: Readonly<Record<string, string>>;
      readonly provider: Opened["provider"];
      readonly threads: number;
      readonly engineCacheDir: string;
      /** Side of the square pictures. */
      readonly inputSize: number;
    }
  | { readonly type: "loop"; readonly model: string; readonly seconds: number };

export interface Looped {
  readonly type: "looped";
  readonly runs: number;
  readonly seconds: number;
}

export type BareReply =
  { readonly type: "ready" } | Looped | { readonly type: "refused"; readonly message: string };
