import type { IPublishPacket } from "mqtt";
import type { Logger } from "pino";
import { AssaydError, InputError, messageOf } from "../../domain/errors.ts";
import type { StationActions, StationView } from "../../domain/station-view.ts";
import type { CommandAudit } from "../commands.ts";
import { TokenBucket } from "../token-bucket.ts";
import { doWish } from "./do-wish.ts";
import { readDeviceCommand, readNodeCommand, type DeviceWish, type NodeWish } from "./read-commands.ts";
import type { SparkplugTopics } from "./topics.ts";

const BY = "sparkplug";
const WAITING_AT_MOST = 32; // commands of one device that are not done yet
const REBIRTHS_PER_S = 1;
const REBIRTHS_AT_ONCE = 5;
const AUDITS_PER_S = 5; // a flood of bad commands must not fill log and store
const AUDITS_AT_ONCE = 50;

export interface SparkplugCommandsOptions {
  readonly topics: SparkplugTopics;
  readonly view: () => StationView;
  readonly actions: StationActions;
  readonly onRebirth: () => void;
  /** Null: reboots are refused. */
  readonly onReboot: (() => void) | null;
  readonly audit: (entry: CommandAudit) => void;
  readonly logger: Logger;
}

/** Takes NCMD and DCMD. Wishes of one device are done one after the other; what cannot be done is refused with a word. */
export class SparkplugCommands {
  readonly #options: SparkplugCommandsOptions;
  readonly #rebirths = new TokenBucket(REBIRTHS_PER_S, REBIRTHS_AT_ONCE);
  readonly #audits = new TokenBucket(AUDITS_PER_S, AUDITS_AT_ONCE);
  readonly #queues = new Map<string, { waiting: number; last: Promise<void> }>();

  constructor(options: SparkplugCommandsOptions) {
    this.#options = options;
  }

  /** One message on a command topic; returns at once and never throws. */
  receive({ topic, payload, retain }: Pick<IPublishPacket, "topic" | "payload" | "retain">): void {
    const { topics } = this.#options;
    const camera = topics.commandedDevice(topic);
    try {
      if (retain) {
        // tck-id-payloads-ncmd-retain: a retained one would be done again on each connect
        throw new InputError("retained", "A retained command is not taken. Publish it with retain off.");
      }
      const bytes = Buffer.from(payload);
      if (camera !== null) this.#deviceCommand(camera, readDeviceCommand(bytes));
      else if (topic === topics.node("NCMD")) this.#nodeCommand(readNodeCommand(bytes));
    } catch (error) {
      this.#failed(topic, camera, error);
    }
  }

  #nodeCommand(wishes: readonly (NodeWish | InputError)[]): void {
    for (const wish of wishes) {
      if (wish instanceof InputError) this.#failed("NCMD", null, wish);
      else if (wish.kind === "rebirth") this.#rebirth(wish);
      else this.#reboot(wish);
    }
  }

  #rebirth({ metric }: NodeWish): void {
    if (!this.#rebirths.take(performance.now())) {
      const text = `More than ${REBIRTHS_AT_ONCE} rebirths were asked for at once; ask again in a second.`;
      this.#failed(metric, null, new InputError("busy", text));
      return;
    }
    this.#options.onRebirth();
  }

  #reboot({ metric }: NodeWish): void {
    const { onReboot } = this.#options;
    if (onReboot === null) {
      const text = "Reboot is not allowed here. Set sparkplug.reboot to true to allow it.";
      this.#failed(metric, null, new InputError("not-allowed", text));
      return;
    }
    this.#audit("command.done", metric, null, null, "reboot");
    onReboot();
  }

  #deviceCommand(camera: string, wishes: readonly (DeviceWish | InputError)[]): void {
    for (const wish of wishes) {
      if (wish instanceof InputError) this.#failed("DCMD", camera, wish);
      else this.#enqueue(camera, wish);
    }
  }

  #enqueue(camera: string, wish: DeviceWish): void {
    if (this.#line(camera) === undefined) {
      const text = `This station has no camera "${camera.slice(0, 64)}".`;
      this.#failed(wish.metric, camera, new InputError("no-such-camera", text));
      return;
    }
    const queue = this.#queues.get(camera) ?? { waiting: 0, last: Promise.resolve() };
    this.#queues.set(camera, queue);
    if (queue.waiting >= WAITING_AT_MOST) {
      const text = `${WAITING_AT_MOST} commands of this device wait already; send it again later.`;
      this.#failed(wish.metric, camera, new InputError("busy", text));
      return;
    }
    queue.waiting += 1;
    queue.last = queue.last.then(async () => {
      await this.#do(camera, wish);
      queue.waiting -= 1;
    });
  }

  async #do(camera: string, wish: DeviceWish): Promise<void> {
    try {
      const line = this.#line(camera);
      if (line === undefined)
        throw new InputError("no-such-camera", `There is no camera "${camera}" any more.`);
      await doWish(wish, line, this.#options.actions, BY);
      this.#audit("command.done", wish.metric, camera, null, "ok");
    } catch (error) {
      this.#failed(wish.metric, camera, error);
    }
  }

  #line(camera: string) {
    return this.#options.view().lines.find(({ name }) => name === camera);
  }

  #failed(command: string, camera: string | null, error: unknown): void {
    const expected = error instanceof AssaydError;
    const kind = expected ? "command.refused" : "command.failed";
    this.#audit(kind, command, camera, expected ? error.code : "internal", messageOf(error));
  }

  #audit(
    kind: CommandAudit["kind"],
    command: string,
    camera: string | null,
    code: string | null,
    text: string,
  ): void {
    if (!this.#audits.take(performance.now())) return;
    const entry: CommandAudit = {
      kind,
      command: command.slice(0, 128),
      by: BY,
      code,
      text,
      camera: camera?.slice(0, 64) ?? null,
    };
    if (kind === "command.done") this.#options.logger.info(entry, "Sparkplug command done");
    else this.#options.logger.warn(entry, "Sparkplug command not done");
    this.#options.audit(entry);
  }
}
