import { describe, expect, it, onTestFinished } from "vitest";
import { hasMosquitto, Mosquitto } from "../messaging/mosquitto.ts";
import { CONTEXT, inspectionOf, openMessenger, Subscriber, until } from "../messaging/plant.ts";

const RESULTS = 3000;
const upTo = (n: number): number[] => Array.from({ length: n }, (_, index) => index + 1);

/** A broker as Debian ships it: it acknowledges, queues a thousand messages, and keeps them in memory. */
const ORDINARY = (folder: string): string[] => [
  "allow_anonymous true",
  "persistence true",
  `persistence_location ${folder}/`,
];

describe.skipIf(!hasMosquitto)(
  "results that a broker lost after it had acknowledged them (promises.md R7)",
  () => {
    it("are all recovered by a replay, marked, in order, while new ones go on", async () => {
      const broker = await Mosquitto.start(ORDINARY);
      onTestFinished(() => broker.stop());
      const messenger = await openMessenger({
        kind: "external",
        url: broker.url,
        protocolVersion: 5,
        keepaliveS: 10,
      });
      onTestFinished(() => messenger.stop());
      const session = { clean: false, clientId: "plant", reconnectPeriod: 50 };
      await (await Subscriber.to(broker.url, undefined, session)).end(); // its queue is the broker's from now on
      await messenger.start();
      await until("connected", () => messenger.connected);
      for (const seq of upTo(RESULTS)) messenger.deliver(inspectionOf(seq), CONTEXT, null);
      await until(
        "all acknowledged",
        () => messenger.stats.published >= RESULTS && messenger.stats.queued === 0,
        30_000,
      );
      await broker.kill();
      await broker.restart();

      const plant = await Subscriber.to(broker.url, undefined, session);
      onTestFinished(() => plant.end());
      await until("reconnected", () => messenger.connected, 30_000);
      const results = (): { seq: number; historical: boolean }[] =>
        plant.json("cam/cam1/result") as unknown as { seq: number; historical: boolean }[];
      expect(new Set(results().map(({ seq }) => seq)).size).toBeLessThan(RESULTS); // the broker did lose some
      const before = results().length;

      await messenger.replays.request({ camera: "cam1", from: 1, to: RESULTS }, "plant");
      messenger.deliver(inspectionOf(RESULTS + 1), CONTEXT, null); // the line does not wait for it
      const ended = () => plant.json("event").find(({ kind }) => kind === "replay.ended");
      await until("ended", () => ended() !== undefined, 60_000);
      expect(ended()?.data).toMatchObject({
        from: 1,
        to: RESULTS,
        count: RESULTS,
        missing: 0,
        state: "completed",
      });
      const replayed = results()
        .slice(before)
        .filter(({ historical }) => historical);
      expect(replayed.map(({ seq }) => seq)).toEqual(upTo(RESULTS));
      const live = results().findIndex(({ seq }) => seq === RESULTS + 1);
      expect(live).toBeLessThan(before + RESULTS); // it came before the replay was over
      expect(results()[live]).toMatchObject({ historical: false });
    }, 120_000);
  },
);
