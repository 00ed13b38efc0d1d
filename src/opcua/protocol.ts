import type { Action, Reason, RecipeIdentity, Verdict } from "../domain/inspection.ts";
import type { Fault, VisionState } from "../domain/station-view.ts";
import type { VisionMethod } from "../domain/vision-state.ts";

/** Messages between the station and the OPC UA process; plain data, structured clone. */

export interface ServerSettings {
  readonly station: string;
  readonly software: string;
  readonly host: string;
  readonly port: number;
  /** SecurityPolicy None is offered beside Basic256Sha256. */
  readonly unencrypted: boolean;
  /** Any client certificate is trusted, not only the listed ones. */
  readonly trustAnyClient: boolean;
  readonly pkiDir: string;
  readonly usersFile: string | null;
  readonly anonymous: "read" | "none" | "operate";
  /** Newest results of each camera that can be fetched. */
  readonly results: number;
  readonly maxSessions: number;
  readonly cameras: readonly string[];
}

/** One line in OPC 40100's words. */
export interface LineState {
  readonly camera: string;
  readonly state: VisionState;
  /** The call that brought it about; null: the station by itself. */
  readonly cause: VisionMethod | null;
  /** Of the job under way or, in Ready, the last one; empty before the first. */
  readonly jobId: string;
  readonly fault: Fault | null;
  readonly training: boolean;
  readonly recipe: RecipeIdentity;
}

export interface StateMessage {
  readonly type: "state";
  readonly lines: readonly LineState[];
  readonly recipes: readonly RecipeIdentity[];
  /** Ids of recipes that can be selected without loading: active or prepared. */
  readonly prepared: readonly string[];
}

/** What ResultDataType says of one part (OPC 40100-1 §12.12), before it is put into OPC UA's types. */
export interface PartResult {
  readonly camera: string;
  readonly resultId: string;
  readonly triggerId: string;
  readonly jobId: string;
  readonly measId: string | null;
  readonly partId: string | null;
  readonly recipe: RecipeIdentity;
  readonly configHash: string;
  readonly simulated: boolean;
  readonly verdict: Verdict;
  readonly action: Action;
  readonly reason: Reason;
  readonly score: number | null;
  readonly threshold: number | null;
  /** Epoch ms of trigger, and of picture where there is one. */
  readonly triggeredAt: number;
  readonly totalMs: number;
  readonly captureMs: number | null;
  readonly inferMs: number | null;
  /** The message of `{camera}/result` as JSON: regions and all times. */
  readonly json: string;
}

/** A method call of a client, for the station. */
export interface Call {
  readonly camera: string;
  readonly method: VisionMethod;
  /** Id of a recipe; null: none was given. */
  readonly recipe: string | null;
  readonly partId: string | null;
  readonly measId: string | null;
  /** Who asks, for the audit trail: `opcua:<user>`. */
  readonly by: string;
}

/** Why a call was not done; each is one status code of OPC UA. */
export type Refusal = "invalid-state" | "invalid-argument" | "not-supported" | "refused" | "busy" | "timeout";

export type CallAnswer =
  | { readonly ok: true; readonly jobId: string | null; readonly recipe: RecipeIdentity | null }
  | { readonly ok: false; readonly why: Refusal; readonly message: string };

export type ToServer =
  | { readonly type: "start"; readonly settings: ServerSettings }
  | StateMessage
  /** Results from before the server was there: they can be fetched, no event is raised. */
  | { readonly type: "history"; readonly results: readonly PartResult[] }
  | { readonly type: "result"; readonly result: PartResult }
  | {
      readonly type: "acquired";
      readonly camera: string;
      readonly triggerId: string;
      readonly jobId: string;
    }
  | { readonly type: "answer"; readonly id: number; readonly answer: CallAnswer };

export type FromServer =
  | { readonly type: "listening"; readonly urls: readonly string[] }
  /** It cannot work; the process ends. */
  | {
      readonly type: "failed";
      readonly code: "not-installed" | "not-started";
      readonly message: string;
    }
  /** One message of the feed was worked off. */
  | { readonly type: "done" }
  | { readonly type: "call"; readonly id: number; readonly call: Call }
  | { readonly type: "sessions"; readonly count: number };
