import type { Region, Size } from "../../domain/inspection.ts";

/**
 * Messages between the main process and one inference process, which serves any number of bundles. `bundle` is the
 * number that the main process gave a bundle.
 */
export type InferenceRequest =
  | ({ readonly type: "load"; readonly bundle: number; readonly bundleDir: string } & LoadSettings)
  | { readonly type: "unload"; readonly bundle: number }
  | ({ readonly type: "infer" } & PartRequest);

/** How every bundle of a station is opened. */
export interface LoadSettings {
  readonly providers: readonly ProviderName[];
  /** CPU threads of the model; 0: all cores. */
  readonly threads: number;
  readonly precision: "fp32" | "fp16";
  readonly engineCacheDir: string;
}

/** One picture to score. Pictures are served in the order of requests, one after the other. */
export interface PartRequest {
  readonly bundle: number;
  readonly requestId: number;
  /** Where the picture is in the shared memory (frame-memory.ts), until it is answered: RGB8 of the bundle's picture size. */
  readonly slot: number;
  readonly bytes: number;
  /** Regions are those of the map above this. */
  readonly threshold: number;
  readonly wantMap: MapWish;
}

/** Whether the anomaly map is sent (0.3 MB, for pictures): `above` if the score is above the threshold. */
export type MapWish = "never" | "above" | "always";

export type ProviderName = "tensorrt" | "cuda" | "cpu";

/** Which provider really runs, and how we know. */
export interface ProviderReport {
  readonly provider: ProviderName;
  readonly precision: "fp32" | "fp16";
  /** e.g. "profiled: 118 of 118 nodes on CPUExecutionProvider" */
  readonly proof: string;
  /** Providers tried before, and why each was not taken. */
  readonly rejected: readonly { readonly provider: ProviderName; readonly reason: string }[];
}

/** What is known of a bundle that was loaded and whose golden frames were right. */
export interface LoadedReport {
  readonly bundleId: string;
  /** Of the pictures that the bundle judges. */
  readonly size: Size;
  /** Runs of the model that one of them takes: its tiles. */
  readonly runsPerPicture: number;
  readonly provider: ProviderReport;
  readonly goldenMaxDiff: number;
  readonly loadMs: number;
}

/** What the model says of one picture. */
export interface Answer {
  readonly requestId: number;
  readonly score: number;
  readonly regions: readonly Region[];
  readonly map: { readonly size: Size; readonly values: Float32Array } | null;
  readonly inferMs: number;
}

export type InferenceReport =
  /** Once a second while a bundle is being loaded, but for the moments in which ONNX Runtime holds its thread. */
  | { readonly type: "loading"; readonly bundle: number }
  | { readonly type: "loaded"; readonly bundle: number; readonly report: LoadedReport }
  | { readonly type: "load-failed"; readonly bundle: number; readonly code: string; readonly message: string }
  | ({ readonly type: "scored" } & Answer)
  | { readonly type: "failed"; readonly requestId: number; readonly message: string }
  /** Once a second. */
  | { readonly type: "heartbeat"; readonly rssBytes: number };
