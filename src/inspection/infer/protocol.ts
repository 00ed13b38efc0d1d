import type { Region, Size } from "../../domain/inspection.ts";

/** Messages between the main process and one inference process. A process serves one bundle for all its life. */

export type InferenceRequest =
  | {
      readonly type: "load";
      readonly bundleDir: string;
      readonly providers: readonly ProviderName[];
      readonly threads: number;
      readonly precision: "fp32" | "fp16";
      readonly engineCacheDir: string;
    }
  | {
      readonly type: "infer";
      readonly requestId: number;
      /** Where the picture is in the shared memory (frame-memory.ts), until it is answered: RGB8 of the bundle's picture size. */
      readonly slot: number;
      readonly bytes: number;
      /** Regions are those of the map above this. */
      readonly threshold: number;
      readonly wantMap: MapWish;
    };

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

export type InferenceReport =
  | {
      readonly type: "loaded";
      readonly bundleId: string;
      /** Of the pictures that the bundle judges. */
      readonly size: Size;
      /** Runs of the model that one of them takes: its tiles. */
      readonly runsPerPicture: number;
      readonly provider: ProviderReport;
      readonly goldenMaxDiff: number;
      readonly loadMs: number;
    }
  | { readonly type: "load-failed"; readonly code: string; readonly message: string }
  | {
      readonly type: "scored";
      readonly requestId: number;
      readonly score: number;
      readonly regions: readonly Region[];
      readonly map: { readonly size: Size; readonly values: Float32Array } | null;
      readonly queueMs: number;
      readonly inferMs: number;
    }
  | { readonly type: "failed"; readonly requestId: number; readonly message: string }
  /** Once a second. */
  | { readonly type: "heartbeat"; readonly inferences: number; readonly rssBytes: number };
