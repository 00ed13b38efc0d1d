import { connectAsync, type IPublishPacket, type MqttClient } from "mqtt";
import { get } from "sparkplug-payload";
import type { UMetric, UPayload } from "sparkplug-payload/lib/sparkplugbpayload.js";

const tahu = get("spBv1.0")!;

/** A message as a host application got it. */
export interface HostMessage {
  readonly topic: string;
  readonly verb: string;
  readonly device: string | null;
  readonly payload: UPayload;
  readonly metrics: ReadonlyMap<string, UMetric>;
  readonly packet: IPublishPacket;
}

/** A Sparkplug host application, written with Tahu's codec: it keeps what it gets, and commands. */
export class Host {
  readonly messages: HostMessage[] = [];
  readonly #client: MqttClient;

  private constructor(client: MqttClient) {
    this.#client = client;
    client.on("message", (topic, bytes, packet) => {
      const [, , verb = "", , device = null] = topic.split("/");
      if (verb === "STATE" || topic.split("/")[1] === "STATE" || verb.endsWith("CMD")) return;
      const payload = tahu.decodePayload(bytes);
      const metrics = new Map((payload.metrics ?? []).map((metric) => [metric.name ?? "", metric]));
      this.messages.push({ topic, verb, device, payload, metrics, packet });
    });
  }

  static async to(url: string): Promise<Host> {
    const client = await connectAsync(url, {
      reconnectPeriod: 20,
      connectTimeout: 3000,
    });
    client.on("error", () => undefined);
    const host = new Host(client);
    await client.subscribeAsync("spBv1.0/#", { qos: 1 });
    return host;
  }

  get connected(): boolean {
    return this.#client.connected;
  }

  of(verb: string, device: string | null = null): HostMessage[] {
    return this.messages.filter((message) => message.verb === verb && message.device === device);
  }

  last(verb: string, device: string | null = null): HostMessage | undefined {
    return this.of(verb, device).at(-1);
  }

  /** NCMD or DCMD with metrics; types as given. */
  async command(topic: string, metrics: UMetric[], options: { retain?: boolean } = {}): Promise<void> {
    await this.raw(topic, Buffer.from(tahu.encodePayload({ timestamp: Date.now(), metrics })), options);
  }

  async raw(topic: string, payload: Buffer | string, options: { retain?: boolean } = {}): Promise<void> {
    await this.#client.publishAsync(topic, payload, { qos: 0, ...options });
  }

  async state(host: string, state: object | string): Promise<void> {
    const payload = typeof state === "string" ? state : JSON.stringify(state);
    await this.#client.publishAsync(`spBv1.0/STATE/${host}`, payload, { qos: 1, retain: true });
  }

  async end(): Promise<void> {
    await this.#client.endAsync(true);
  }
}

/** A metric's value as a plain one; 64-bit numbers must be safe. */
export function valueOf(message: HostMessage | undefined, name: string): unknown {
  const metric = message?.metrics.get(name);
  if (metric === undefined) return undefined;
  const { value } = metric;
  return typeof value === "object" && value !== null && "low" in value ? Number(String(value)) : value;
}

/** A number that Tahu gives as long. */
export function numberOf(value: unknown): number {
  return Number(String(value));
}
