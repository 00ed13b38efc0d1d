import type { CameraConfig } from "../config/schema.ts";
import type { Action, Inspection, Size } from "../domain/inspection.ts";
import type { Collector } from "../training/collect.ts";
import type { QualityConfig } from "../config/quality-schema.ts";
import type { Camera } from "./capture/camera.ts";
import type { Inspector } from "./infer/inspector.ts";
import type { MapWish } from "./infer/protocol.ts";
import type { LaneClock, LaneRecipe, PartEvidence } from "./lane.ts";
import type { LineStop } from "./line-stops.ts";
import type { LinePolicy } from "./policy/line-policy.ts";
import type { TriggerSource } from "./triggers/trigger-source.ts";

/** A recipe as a line uses it, with the pictures that are collected for it. */
export interface LineRecipe extends LaneRecipe {
  readonly policy: LinePolicy;
  /** Limits of its pictures against the good parts that its model learnt. */
  readonly quality: QualityConfig;
  readonly collector: Collector;
  /** Of the camera's pictures. */
  readonly pictureSize: Size;
}

/** What switches the reject output; no call throws or waits. */
export interface PartGate {
  part(part: { readonly seq: number; readonly at: number }): void;
  verdict(seq: number, action: Action): void;
}

/** What a line is made of, and who hears of its parts. */
export interface CameraLineParts {
  readonly config: CameraConfig;
  readonly recipe: LineRecipe;
  readonly session: string;
  readonly firstSeq: number;
  readonly camera: Camera;
  /** What triggers it, where that listens to something outside. */
  readonly triggerSource?: TriggerSource;
  readonly inspector: Inspector;
  readonly clock: LaneClock;
  readonly newId: () => string;
  /** Whether the anomaly map of the next part is wanted for a picture. */
  readonly wantMap: () => MapWish;
  /** False while the disk is too short of space to collect pictures; left out: there is room. */
  readonly hasRoom?: () => boolean;
  /** Follows the parts to the ejector. */
  readonly gate?: PartGate;
  readonly onPicture?: (triggerId: string) => void;
  /** At once, in the order of verdicts: outputs and counters. */
  readonly onVerdict: (inspection: Inspection) => void;
  /** The line has stopped itself until a reset. */
  readonly onStop: (reason: LineStop) => void;
  /** In the order of triggers: record and publication. */
  readonly onRecord: (inspection: Inspection, evidence: PartEvidence) => void;
}
