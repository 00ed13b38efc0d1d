import type { Logger } from "pino";
import { BrokerClient } from "../../messaging/client.ts";
import { cameraTopics } from "../../messaging/topics.ts";
import type { Opened } from "./protocol.ts";

const POLL_MS = 5;
const TIMEOUT_MS = 30_000;

/** A subscriber of the station's results, as a line computer would be one: a part counts when its result has come here. */
export class ResultCounter {
  readonly #client: BrokerClient;
  #received = 0;

  /** @throws DeliveryError if the broker does not let us subscribe */
  static async open({ brokerUrl, topicRoot, cameras }: Opened, logger: Logger): Promise<ResultCounter> {
    let onConnect: () => void = () => undefined;
    const connected = new Promise<void>((resolve) => {
      onConnect = resolve;
    });
    const counter: ResultCounter = new ResultCounter(
      new BrokerClient({
        broker: { url: brokerUrl, protocolVersion: 4, keepaliveS: 10 },
        identity: {
          clientId: "bench-subscriber",
          will: { topic: "bench/state", payload: "" },
          credentialsDirectory: null,
        },
        logger,
        now: Date.now,
        onConnect,
        onDisconnect: () => undefined,
        onMessage: () => {
          counter.#received += 1;
        },
        onFault: () => undefined,
      }),
    );
    counter.#client.start();
    await connected;
    for (const camera of cameras) await counter.#client.subscribe(cameraTopics(topicRoot, camera).result);
    return counter;
  }

  private constructor(client: BrokerClient) {
    this.#client = client;
  }

  /** Results received so far. */
  get received(): number {
    return this.#received;
  }

  /** Waits until so many results have come, or no more do. */
  async reached(count: number): Promise<void> {
    const deadline = performance.now() + TIMEOUT_MS;
    while (this.#received < count && performance.now() < deadline) {
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  }

  async stop(): Promise<void> {
    await this.#client.stop();
  }
}
