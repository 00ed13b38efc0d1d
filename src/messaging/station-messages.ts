import { uuid7 } from "../domain/uuid7.ts";
import type { Gap } from "../store/protocol.ts";
import type { Publication } from "./client.ts";
import type { MessengerOptions, MessengerStats } from "./messenger-options.ts";
import type { CameraStateMessage } from "./schemas/camera.ts";
import type { StationEvent, StationHealth, StationInfo, StationState } from "./schemas/station.ts";
import { SCHEMA_VERSION } from "./schemas/words.ts";
import type { StationTopics } from "./topics.ts";

type Identity = Pick<MessengerOptions, "station" | "session" | "software" | "now" | "random">;

/** Composes what the station says of itself; sends nothing. */
export class StationMessages {
  readonly #identity: Identity;
  readonly #topics: StationTopics;
  #heartbeats = 0;

  constructor(identity: Identity, topics: StationTopics) {
    this.#identity = identity;
    this.#topics = topics;
  }

  /** What the broker says when we vanish. */
  will(): { readonly topic: string; readonly payload: string } {
    const message: StationState = { state: "offline", session: this.#identity.session };
    return { topic: this.#topics.state, payload: JSON.stringify(message) };
  }

  /** Birth, and the end that was wanted. */
  state(state: "online" | "stopped"): Publication {
    const { session, software } = this.#identity;
    const message: StationState = {
      state,
      session,
      ts: this.#timestamp(),
      sw: software,
      schema: SCHEMA_VERSION,
    };
    return { topic: this.#topics.state, payload: JSON.stringify(message), qos: 1, retain: true };
  }

  info(message: Omit<StationInfo, "schema" | "ts" | "station" | "sw">): string {
    const { station, software } = this.#identity;
    return JSON.stringify({
      schema: SCHEMA_VERSION,
      ts: this.#timestamp(),
      station,
      sw: software,
      ...message,
    });
  }

  health(message: Omit<StationHealth, "ts" | "mqtt_queued">, stats: MessengerStats): string {
    const own = {
      mqtt_queued: stats.queued,
      store_pending: stats.storePending,
      drain_per_s: Math.round(stats.drainPerS),
    };
    return JSON.stringify({ ts: this.#timestamp(), ...message, ...own });
  }

  heartbeat(ready: boolean, fault: boolean): Publication {
    this.#heartbeats += 1;
    const payload = JSON.stringify({ n: this.#heartbeats, ts: this.#timestamp(), ready, fault });
    return { topic: this.#topics.heartbeat, payload, qos: 0, retain: false };
  }

  cameraState(message: Omit<CameraStateMessage, "schema" | "ts">): string {
    return JSON.stringify({ schema: SCHEMA_VERSION, ts: this.#timestamp(), ...message });
  }

  event(kind: string, data: Readonly<Record<string, unknown>>, camera: string | null): string {
    const { now, random, session } = this.#identity;
    const message: StationEvent = {
      schema: SCHEMA_VERSION,
      event_id: uuid7(now(), random(10)),
      session,
      ts: this.#timestamp(),
      kind,
      camera,
      data: { ...data },
      historical: false,
    };
    return JSON.stringify(message);
  }

  /** Tells the plant which results will never come. */
  gap({ camera, from, to, count, reason }: Gap): Publication {
    const named = camera === "" ? null : camera;
    const payload = this.event("gap", { camera: named, from, to, count, reason }, named);
    return { topic: this.#topics.event, payload, qos: 1, retain: false };
  }

  #timestamp(): string {
    return new Date(this.#identity.now()).toISOString();
  }
}
