import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pino } from "pino";
import { onTestFinished } from "vitest";
import { externalBrokerSchema } from "../../../src/config/broker-schema.ts";
import type { JobView, LineView } from "../../../src/domain/station-view.ts";
import type { CommandAudit } from "../../../src/messaging/commands.ts";
import { SparkplugNode, type SparkplugOptions } from "../../../src/messaging/sparkplug/sparkplug-node.ts";
import { lineOf, RecordedActions, viewOf } from "../line-view.ts";
import { Mosquitto } from "../mosquitto.ts";
import { until } from "../plant.ts";
import { Host } from "./host.ts";

/** A broker, a host application that listens, and an edge node that tests can change. */
export class EdgePlant {
  /** Null: another one than mosquitto. */
  readonly broker: Mosquitto | null;
  readonly host: Host;
  readonly #url: string;
  readonly actions = new RecordedActions();
  readonly audits: CommandAudit[] = [];
  readonly lines = new Map<string, LineView>();
  readonly bdSeqFile = join(mkdtempSync(join(tmpdir(), "assayd-sparkplug-")), "bdseq");
  job: JobView | null = null;
  reboots = 0;

  private constructor(url: string, host: Host, broker: Mosquitto | null) {
    this.#url = url;
    this.broker = broker;
    this.host = host;
    for (const name of ["cam1", "cam2"]) this.lines.set(name, lineOf(name));
  }

  static async start(): Promise<EdgePlant> {
    const broker = await Mosquitto.start();
    onTestFinished(() => broker.stop());
    return EdgePlant.on(broker.url, broker);
  }

  static async on(url: string, broker: Mosquitto | null = null): Promise<EdgePlant> {
    const host = await Host.to(url);
    onTestFinished(() => host.end());
    return new EdgePlant(url, host, broker);
  }

  /** Not started. It is stopped when the test ends. */
  node(changes: Partial<SparkplugOptions> = {}, broker: object = {}): SparkplugNode {
    const node = new SparkplugNode({
      config: { group: "plant", node: null, primaryHost: null },
      station: "st1",
      broker: externalBrokerSchema.parse({ url: this.#url, ...broker }),
      hardware: { make: "NVIDIA", model: "Orin NX", jetpack: "6.2", serial: null },
      bdSeqFile: this.bdSeqFile,
      view: () => viewOf([...this.lines.values()], { job: this.job }),
      actions: this.actions,
      onReboot: null,
      audit: (entry) => {
        this.audits.push(entry);
      },
      onFault: () => undefined,
      credentialsDirectory: null,
      logger: pino({ level: "silent" }),
      now: Date.now,
      ...changes,
    });
    onTestFinished(() => node.stop());
    return node;
  }

  async born(node: SparkplugNode): Promise<void> {
    const before = this.host.of("DBIRTH", "cam2").length; // the last of a birth
    node.start();
    await until("the birth of node and devices", () => this.host.of("DBIRTH", "cam2").length > before);
  }

  change(camera: string, changes: Partial<LineView>): void {
    this.lines.set(camera, { ...this.lines.get(camera)!, ...changes });
  }

  setConnected(camera: string, connected: boolean): void {
    const line = this.lines.get(camera)!;
    this.change(camera, { camera: { ...line.camera, connected } });
  }
}
