import type { Inspection, RecipeIdentity } from "./inspection.ts";

/**
 * What the outside sees of a station and may ask of it: one truth for MQTT, Sparkplug B, OPC UA, the PLC and the pages. Each of
 * them turns this into its own words; none looks into the station itself.
 */

/** OPC 40100-1 states; the number is the StateNumber of the companion specification. */
export const VISION_STATES = {
  Preoperational: 1,
  Halted: 2,
  Error: 3,
  Initialized: 5,
  Ready: 6,
  SingleExecution: 7,
  ContinuousExecution: 8,
} as const;
export type VisionState = keyof typeof VISION_STATES;

/** Parts of one camera that may be under way at once; one more is `ERR overrun`. */
export const MOST_PARTS_UNDER_WAY = 8;

/** What keeps parts from being judged, or will soon. */
export interface Fault {
  readonly code: string;
  /** For people: value, expectation and remedy. */
  readonly text: string;
  /** ISO-8601 UTC. */
  readonly since: string;
}

/** Totals since `since`, all recipes together. Every trigger is in `triggers` and in exactly one of ok, ng, warn, err. */
export interface LineTotals {
  readonly triggers: number;
  readonly ok: number;
  readonly ng: number;
  readonly warn: number;
  readonly err: number;
  /** Of `err`: no verdict by the deadline. */
  readonly late: number;
  /** Of `err`: the trigger came while the line was not ready. */
  readonly missed: number;
  /** Epoch ms. */
  readonly since: number | null;
}

/** Trigger to verdict of the newest parts (at most 1,000), ms; null before the first. */
export interface LineTimes {
  readonly minMs: number | null;
  readonly meanMs: number | null;
  readonly p95Ms: number | null;
  readonly maxMs: number | null;
}

/** One camera with its lane, as it stands now. */
export interface LineView {
  readonly name: string;
  readonly visionState: VisionState;
  /** Camera, model and outputs are good: the next trigger is accepted. */
  readonly ready: boolean;
  /** A part is under way. */
  readonly busy: boolean;
  /** Inspection is switched on (cmd/start). */
  readonly running: boolean;
  /** Parts come by themselves (every frame, at a rate, by an encoder or a sensor). Absent: they do not. */
  readonly freeRunning?: boolean;
  readonly fault: Fault | null;
  /** Works, but somebody should look: oldest first. */
  readonly warnings: readonly Fault[];
  /** A fault waits for a reset before the line is ready again. */
  readonly awaitsReset: boolean;
  readonly bypass: boolean;
  readonly training: boolean;
  readonly recipe: RecipeIdentity;
  readonly model: { readonly id: string | null; readonly hash: string | null };
  readonly threshold: { readonly reject: number | null; readonly warn: number | null };
  readonly camera: {
    readonly connected: boolean;
    readonly frozen: boolean;
    readonly frameAgeMs: number | null;
    readonly fps: number;
    readonly sharpness: number | null;
    readonly brightness: number | null;
  };
  readonly totals: LineTotals;
  readonly times: LineTimes;
  /** Checksum of the settings: shows any unannounced change. */
  readonly configHash: string;
}

export interface HealthView {
  /** Share of all cores, 0..1; null where it cannot be read. */
  readonly cpu: number | null;
  readonly gpu: number | null;
  readonly temperatureC: number | null;
  readonly throttled: boolean | null;
  readonly memoryBytes: number;
  readonly diskFreeBytes: number | null;
  readonly outboxDepth: number;
  readonly uptimeS: number;
}

export interface JobView {
  readonly id: string;
  readonly stage: string | null;
  /** 0..100 */
  readonly progress: number;
}

export interface StationView {
  readonly name: string;
  readonly session: string;
  readonly software: string;
  readonly recipes: readonly RecipeIdentity[];
  readonly lines: readonly LineView[];
  readonly health: HealthView;
  readonly job: JobView | null;
}

/** What happens while a station runs, for who follows it. Calls return at once and never throw. */
export interface StationListener {
  /** The picture of a part is taken: it may move on. */
  acquired?(camera: string, triggerId: string): void;
  /** A part was judged, in the order of verdicts. */
  inspected?(inspection: Inspection): void;
  /** `view` of this line has changed: state, fault, recipe, model, threshold, totals. */
  lineChanged?(camera: string): void;
}

/** Wishes from outside. Each promise ends when it is done. @throws InputError in words for the one who asked */
export interface StationActions {
  start(camera: string, by: string): Promise<void>;
  stop(camera: string, by: string): Promise<void>;
  /** Acknowledges faults that wait for it, and counts consecutive rejects anew. */
  reset(camera: string, by: string): Promise<void>;
  trigger(camera: string, request: TriggerRequest): Promise<Inspection>;
  /** By id or by number. Resolves when parts are judged by it. */
  selectRecipe(camera: string, recipe: string | number, by: string): Promise<RecipeIdentity>;
  /** Loads it beside the active one, so that selecting it is a matter of milliseconds. */
  prepareRecipe(camera: string, recipe: string | number, by: string): Promise<RecipeIdentity>;
  setThreshold(
    camera: string,
    limits: { readonly reject: number; readonly warn: number | null },
    by: string,
  ): Promise<void>;
  resetCounters(camera: string, by: string): Promise<void>;
  startTraining(camera: string, by: string): Promise<string>;
  /** Lets every part pass unjudged, keyed and audited, until it is taken back. */
  setBypass(camera: string, on: boolean, by: string): Promise<void>;
}

export interface TriggerRequest {
  readonly triggerId?: string;
  readonly partId?: string | null;
  /** A PLC's number for the part, echoed with its answer. */
  readonly tag?: number;
  /** The one who triggers was told not to: the part is answered `ERR` `not_ready`, whatever the line could do. */
  readonly missed?: boolean;
}
