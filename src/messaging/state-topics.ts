import type { LineTimes } from "../domain/station-view.ts";
import type { OutboxMessage } from "../store/protocol.ts";
import type { Store } from "../store/store.ts";
import { countersMessage } from "./counters-message.ts";
import type { KeptTopics } from "./kept-topics.ts";
import type { MessengerStats } from "./messenger-options.ts";
import type { RetainedTopics } from "./retained.ts";
import type { AlarmMessage, CameraStateMessage } from "./schemas/camera.ts";
import type { JobMessage, StationHealth, StationInfo } from "./schemas/station.ts";
import type { StationMessages } from "./station-messages.ts";
import { Timers } from "./timers.ts";
import type { StationTopics } from "./topics.ts";

const RESULT_EXPIRY_S = 60; // interfaces.md §3.1
const HEALTH_EXPIRY_S = 30;
const JOB_KEPT_S = 86_400;
const RESTARTED_TEXT = "assayd was started anew while the job ran. Start the job again.";
const RESTARTED = {
  state: "failed",
  eta_s: null,
  message: RESTARTED_TEXT,
  error: { code: "restarted", message: RESTARTED_TEXT },
} as const;

export interface StateTopicsParts {
  readonly retained: RetainedTopics;
  /** Alarms and jobs that the broker holds. */
  readonly kept: KeptTopics;
  readonly topics: StationTopics;
  readonly messages: StationMessages;
  readonly store: Pick<Store, "counters">;
  /** Of a camera's newest parts; null where nobody knows. */
  readonly times: (camera: string) => LineTimes | null;
  readonly queue: () => MessengerStats;
  /** Epoch ms. */
  readonly now: () => number;
}

/** The station's retained topics, each with its newest value; they are sent at once and on every connect. Never throws. */
export class StateTopics {
  readonly #parts: StateTopicsParts;
  readonly #timers = new Timers();

  constructor(parts: StateTopicsParts) {
    this.#parts = parts;
  }

  info(message: Omit<StationInfo, "schema" | "ts" | "station" | "sw">): void {
    const { retained, topics, messages } = this.#parts;
    retained.set(topics.info, messages.info(message));
  }

  /** Call it every 10 s; queue numbers are added. */
  health(message: Omit<StationHealth, "ts" | "mqtt_queued">): void {
    const { retained, topics, messages, queue } = this.#parts;
    retained.set(topics.health, messages.health(message, queue()), HEALTH_EXPIRY_S);
  }

  camera(camera: string, message: Omit<CameraStateMessage, "schema" | "ts">): void {
    const { retained, topics, messages } = this.#parts;
    retained.set(topics.camera(camera).state, messages.cameraState(message));
  }

  /**
   * Sets an alarm, or (null) takes it away: cleared and acknowledged.
   * @param camera null: what belongs to no camera (store, outputs of the station)
   */
  alarm(camera: string | null, code: string, alarm: AlarmMessage | null): void {
    const { retained, topics, kept } = this.#parts;
    const topic = camera === null ? topics.alarm(code) : topics.camera(camera).alarm(code);
    if (alarm === null) {
      retained.clear(topic);
      return;
    }
    if (!kept.has(topic)) kept.set(topic, null);
    retained.set(topic, JSON.stringify(alarm));
  }

  /** Progress or end of a job; an ended one leaves its topic after 24 h. */
  job(message: JobMessage): void {
    const { retained, topics, kept, now } = this.#parts;
    const topic = topics.job(message.id);
    const { ended } = message;
    if (ended !== null || !kept.has(topic)) kept.set(topic, message);
    if (ended === null) {
      retained.set(topic, JSON.stringify(message));
      return;
    }
    const leftS = Math.min(JOB_KEPT_S, JOB_KEPT_S - (now() - Date.parse(ended)) / 1000);
    if (leftS > 0) retained.set(topic, JSON.stringify(message), leftS);
    this.#timers.after(Math.max(0, leftS * 1000), () => {
      retained.clear(topic);
    });
  }

  /**
   * What an earlier run left at the broker: its alarms are over (what is still wrong is raised again), its running jobs have
   * failed, and the ended ones go when it is their time. Call it before anything else is said.
   */
  takeOver(): void {
    const { retained, topics, kept, now } = this.#parts;
    for (const [topic, job] of kept.all) {
      if (job === null || topic !== topics.job(job.id)) retained.clear(topic);
      else if (job.ended !== null) this.job(job);
      else this.job({ ...job, ...RESTARTED, ended: new Date(now()).toISOString() });
    }
  }

  /** The camera's totals as the store has them. */
  counters(camera: string): void {
    const { retained, topics, store, times, now } = this.#parts;
    const message = countersMessage(store.counters(camera), times(camera), now());
    retained.set(topics.camera(camera).counters, JSON.stringify(message));
  }

  /** A copy of the result for late subscribers, for as long as it is fresh. */
  resultLast({ camera, at }: OutboxMessage, payload: string): void {
    const { retained, topics, now } = this.#parts;
    const leftS = RESULT_EXPIRY_S - (now() - at) / 1000;
    if (camera !== null && leftS > 0) retained.set(topics.camera(camera).resultLast, payload, leftS);
  }

  /** Sends now what was held back because its topic was sent a moment ago. */
  flush(): void {
    this.#parts.retained.flush();
  }

  /** Sends all of them again. */
  republish(): void {
    this.#parts.retained.republish();
  }

  stop(): void {
    this.#timers.clear();
  }
}
