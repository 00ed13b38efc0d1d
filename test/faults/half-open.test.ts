import { createServer, connect, type Server, type Socket } from "node:net";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { describe, expect, it, onTestFinished } from "vitest";
import { trainedState } from "../e2e/quick-state.ts";
import { expectOneAnswerEach, Plant, startStation } from "../e2e/test-station.ts";
import { hasMosquitto, Mosquitto } from "../messaging/mosquitto.ts";
import { until } from "../messaging/plant.ts";

const LINE = { source: { kind: "simulated", fps: 10, seed: 14 }, deadlineMs: 2000 } as const;
const KEEPALIVE_S = 2;
/** 1.5 times the keep-alive is promised; the rest is for a busy machine. TCP alone would take a quarter of an hour. */
const NOTICED_MS = 1500 * KEEPALIVE_S + 5000;

/** A cable that can be cut so that neither end is told: bytes vanish in both directions, connections stay. */
class Cable {
  cut = false;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor(port: number) {
    this.#server = createServer((near) => {
      const far = connect(port, "127.0.0.1");
      for (const [from, to] of [
        [near, far],
        [far, near],
      ] as const) {
        this.#sockets.add(from);
        from.on("data", (bytes) => {
          if (!this.cut) to.write(bytes);
        });
        from.on("error", () => undefined);
        from.on("close", () => {
          if (!this.cut) to.destroy();
        });
      }
    });
  }

  /** To a port on loopback; ended with the test. */
  static async to(port: number): Promise<Cable> {
    const cable = new Cable(port);
    cable.#server.listen(0, "127.0.0.1");
    await once(cable.#server, "listening");
    onTestFinished(() => {
      for (const socket of cable.#sockets) socket.destroy();
      cable.#server.close();
    });
    return cable;
  }

  get url(): string {
    return `mqtt://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }
}

describe.skipIf(!hasMosquitto)("a link to the broker that is cut without a word (promises.md R8)", () => {
  it("is noticed by the keep-alive, and every result of the meantime is delivered once, in order", async () => {
    const broker = await Mosquitto.start(() => ["allow_anonymous true", "max_queued_messages 0"]);
    onTestFinished(() => broker.stop());
    const cable = await Cable.to(broker.port);
    const plant = await Plant.at(broker.url);
    const test = await startStation({
      stateDir: await trainedState(),
      camera: LINE,
      broker: { kind: "external", url: cable.url, protocolVersion: 5, keepaliveS: KEEPALIVE_S },
    });
    await plant.more(10);
    const noticed = () => test.station.faults.some(({ source }) => source === "mqtt");
    expect(noticed()).toBe(false);

    cable.cut = true;
    const cutAt = performance.now();
    await until("noticed", noticed, NOTICED_MS);
    const gone = test.verdicts.length;
    expect(performance.now() - cutAt).toBeGreaterThan(500); // by the keep-alive, not by a closed socket
    await until("it inspects on", () => test.verdicts.length > gone + 15, 30_000);
    await until("the plant is told by the will", () => lastState(plant) === "offline", 30_000); // its will

    cable.cut = false;
    await until("connected", () => test.station.messengerStats.connected, 60_000);
    await until("drained", () => test.station.messengerStats.queued === 0, 60_000);
    await test.station.stop();
    await until("all", () => plant.results().at(-1)?.seq === test.station.line("cam1").lastSeq);
    const results = plant.results();
    expectOneAnswerEach(results, test);
    expect(results.filter(({ historical }) => historical).length).toBeGreaterThanOrEqual(15);
  }, 180_000);
});

function lastState(plant: Plant): unknown {
  return plant.heard.json("state").at(-1)?.state;
}
