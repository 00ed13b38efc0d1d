import type { TriggerConfig, TriggerFilterConfig } from "../../config/trigger-schema.ts";
import { EncoderTrigger } from "./encoder-trigger.ts";
import { SYSTEM_TIMERS, TriggerFilter, type FilteredTrigger, type FilterTimers } from "./filter.ts";
import { freeRunning } from "./free-running.ts";
import type { TriggerEdge, TriggerSource } from "./trigger-source.ts";

export interface TriggeringParts {
  readonly trigger: TriggerConfig;
  readonly filter: TriggerFilterConfig;
  /** Of kinds that listen to something outside (gpio, http). */
  readonly source: TriggerSource | null;
  /** Makes every frame of the camera a part, or no more. */
  readonly stream: (on: boolean) => void;
  readonly fire: (trigger: FilteredTrigger) => void;
  readonly timers?: FilterTimers;
}

/** What makes parts of one camera, whatever kind it is: one start, one stop, one filter. */
export class Triggering {
  readonly #parts: TriggeringParts;
  readonly #filter: TriggerFilter;
  readonly #encoder: EncoderTrigger | null;
  readonly #now: () => number;
  #rate: { stop: () => void } | null = null;
  #active = false;

  constructor(parts: TriggeringParts) {
    const timers = parts.timers ?? SYSTEM_TIMERS;
    this.#parts = parts;
    this.#now = timers.now;
    this.#filter = new TriggerFilter(parts.filter, timers, parts.fire);
    this.#encoder =
      parts.trigger.kind === "encoder"
        ? new EncoderTrigger({
            ...parts.trigger,
            fire: (at) => {
              this.edge({ at });
            },
          })
        : null;
  }

  /** True if parts come by themselves. */
  get freeRunning(): boolean {
    const { kind } = this.#parts.trigger;
    return this.#active && (kind === "rate" || kind === "every-frame");
  }

  /** Why parts cannot be seen now, or null. */
  get fault(): TriggerSource["fault"] {
    return this.#active ? (this.#parts.source?.fault ?? null) : null;
  }

  /** Edges that were bounces. */
  get bounced(): number {
    return this.#filter.bounced;
  }

  start(): void {
    if (this.#active) return;
    this.#active = true;
    const { trigger, source, stream } = this.#parts;
    source?.start((edge) => {
      this.edge(edge);
    });
    if (trigger.kind === "every-frame") stream(true);
    if (trigger.kind !== "rate") return;
    const fire = (): void => {
      this.edge({ at: this.#now() });
    };
    this.#rate = freeRunning(trigger.partsPerSecond, fire, this.#now);
  }

  /** Nothing comes by itself any more; edges that are given still become parts, which are then answered as missed. */
  stop(): void {
    if (!this.#active) return;
    this.#active = false;
    this.#rate?.stop();
    this.#rate = null;
    if (this.#parts.trigger.kind === "every-frame") this.#parts.stream(false);
  }

  /** Ends for ever; parts that wait for their delay are fired now, to be answered. */
  async close(): Promise<void> {
    this.stop();
    this.#filter.flush();
    await this.#parts.source?.stop();
  }

  /** A part was seen, by whoever. */
  edge(edge: TriggerEdge): void {
    this.#filter.edge(edge);
  }

  /** The encoder's counter as the PLC wrote it. @returns false if it has leapt: parts may have gone by unseen */
  encoder(counts: number, at: number): boolean {
    return this.#encoder?.update(counts, at) ?? true;
  }
}
