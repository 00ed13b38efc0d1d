import { rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, it } from "vitest";
import { trainedState } from "../e2e/quick-state.ts";
import { isAlive, Plant } from "../e2e/test-station.ts";
import { freePort } from "../messaging/mosquitto.ts";
import { until } from "../messaging/plant.ts";
import { open } from "../store/store-fixture.ts";
import { writeConfig } from "../e2e/run-assayd.ts";
import { Daemon, daemonConfig } from "./daemon.ts";
import { EjectorPlc } from "./ejector-plc.ts";

const STOPS = Number(process.env.ASSAYD_DAEMON_STOPS ?? 10);
const LINE = { source: { kind: "simulated", fps: 20, defectShare: 0 }, deadlineMs: 450 } as const;
const PASS_MS = 60_000;

/**
 * promises.md R24. The daemon ends itself as failed (1) if it takes longer than 3 s, so an exit code of 0 is the time too. There is
 * no live sign here: a coil that is let go of was let go of by the daemon.
 */
it(`SIGTERM under load, ${STOPS} times, without a broker: ends as good, outputs reject, every part is on the disk`, async () => {
  const plc = await EjectorPlc.start({ watches: false });
  const stateDir = await trainedState();
  const camera = { ...LINE, reject: plc.reject };
  await setThreshold(stateDir, camera);
  const broker = { kind: "external", url: `mqtt://127.0.0.1:${await freePort()}` }; // nobody is there
  const file = writeConfig(stateDir, {
    cameras: [camera],
    inference: { providers: ["cpu"], threads: 1 },
    broker,
  });
  let recorded = 0;
  for (let stop = 1; stop <= STOPS; stop += 1) {
    const daemon = new Daemon(file);
    await until("parts pass", () => plc.passing, PASS_MS);
    await sleep(stop * 17); // at another moment each time
    const { children } = daemon;
    expect(children.length).toBeGreaterThanOrEqual(2);
    expect(await daemon.end("SIGTERM"), daemon.stderr).toBe(0);
    expect(plc.passing).toBe(false);
    expect(children.filter(isAlive)).toEqual([]);

    const store = await open(join(stateDir, "assayd.db"), { maxMessages: 100_000 });
    const parts = await store.history("cam1", 1, 1e6, 1e6);
    const queued = (await store.readOutbox(0, 1e6)).flatMap(({ seq }) => seq ?? []);
    await store.close();
    expect(parts.map(({ seq }) => seq)).toEqual(parts.map((_, index) => index + 1));
    expect(queued.slice(-(parts.length - recorded))).toEqual(parts.slice(recorded).map(({ seq }) => seq));
    expect(parts.length).toBeGreaterThan(recorded);
    recorded = parts.length;
  }
}, 300_000);

it("SIGTERM while it still starts ends as good too", async () => {
  const stateDir = await trainedState();
  const { file } = await daemonConfig(stateDir, LINE);
  for (const afterMs of [0, 300, 900]) {
    const daemon = new Daemon(file);
    await until("it begins to start", () => daemon.stderr !== "" || !daemon.running, 60_000);
    await sleep(afterMs);
    expect(await daemon.end("SIGTERM"), daemon.stderr).toBe(0);
    rmSync(join(stateDir, "starts.json"), { force: true });
  }
}, 120_000);

/** So high that every judged part passes; kept for later starts. */
async function setThreshold(stateDir: string, camera: object): Promise<void> {
  const { file, brokerUrl } = await daemonConfig(stateDir, { ...camera, trigger: { kind: "command" } });
  const daemon = new Daemon(file);
  await daemon.up();
  const plant = await Plant.at(brokerUrl);
  expect(await plant.ask("threshold.set", { reject: 1000 })).toMatchObject({ status: "ok" });
  expect(await daemon.end("SIGTERM")).toBe(0);
}
