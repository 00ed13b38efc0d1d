import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import {
  alarmSchema,
  cameraStateSchema,
  countersSchema,
  resultSchema,
  type Result,
} from "../../src/messaging/schemas/camera.ts";
import { healthSchema, jobSchema, type JobMessage } from "../../src/messaging/schemas/station.ts";
import { hasMosquitto, Mosquitto } from "../messaging/mosquitto.ts";
import { Subscriber, until } from "../messaging/plant.ts";
import { Host } from "../messaging/sparkplug/host.ts";
import { trainedState } from "./quick-state.ts";
import { assayd, lastLine, RunningAssayd, writeConfig } from "./run-assayd.ts";
import { Plant } from "./test-station.ts";

const BYPASS_KEY = "0815-4711";
const EACH = 3; // parts of a kind

/** A daemon of its own on a broker of its own, as a plant sees it; its parts are triggered by command. */
async function plantWithStation() {
  const broker = await Mosquitto.start();
  onTestFinished(() => broker.stop());
  const stateDir = await trainedState();
  const file = writeConfig(stateDir, {
    broker: { kind: "external", url: broker.url },
    cameras: [
      {
        source: { kind: "simulated", fps: 10, defectShare: 0 },
        trigger: { kind: "command" },
        deadlineMs: 5000,
      },
    ],
    commands: { bypassKey: BYPASS_KEY },
    evidence: { okShare: 0 },
    homeAssistant: { enabled: true },
    sparkplug: { enabled: true },
    inference: { providers: ["cpu"], threads: 1 },
  });
  const plant = await Plant.at(broker.url, { protocolVersion: 5 });
  const homeAssistant = await Subscriber.to(broker.url, "homeassistant/#");
  onTestFinished(() => homeAssistant.end());
  const host = await Host.to(broker.url);
  onTestFinished(() => host.end());
  const daemon = new RunningAssayd(["run", "--config", file]);
  const states = () => plant.heard.json("cam/cam1/state").map((json) => cameraStateSchema.parse(json));
  await until("ready", () => states().at(-1)?.ready === true, 60_000);
  return { broker, stateDir, file, plant, homeAssistant, host, daemon };
}

/** Triggers parts with serial numbers. @returns their ids */
async function judge(
  plant: Plant,
  serials: readonly string[],
  limits: { readonly reject: number },
): Promise<string[]> {
  expect((await plant.ask("threshold.set", limits)).status).toBe("ok");
  const ids: string[] = [];
  for (const part_id of serials) {
    const { data } = await plant.ask("trigger", { part_id });
    ids.push(String(data.inspection_id));
  }
  return ids;
}

async function ended(plant: Plant, command: string, params: object = {}): Promise<JobMessage> {
  const { status, job_id: id = "" } = await plant.ask(command, params);
  expect(status).toBe("accepted");
  const newest = (): JobMessage | undefined =>
    plant.heard
      .json(`job/${id}`)
      .map((json) => jobSchema.parse(json))
      .at(-1);
  await until(`${command} has ended`, () => (newest()?.ended ?? null) !== null, 60_000);
  return jobSchema.parse(newest());
}

function counters(plant: Plant) {
  return countersSchema.parse(plant.heard.json("cam/cam1/counters").at(-1));
}

/** Each part's result as it came first. */
function firstResults(plant: Plant): Result[] {
  const results = plant.heard.json("cam/cam1/result").map((json) => resultSchema.parse(json));
  return results.filter(({ historical }) => !historical);
}

/** The columns of an export, by name. */
function table(csv: string): Record<string, string>[] {
  const [header = "", ...lines] = csv.trimEnd().split("\r\n");
  const names = header.split(",");
  return lines.map((line) => Object.fromEntries(line.split(",").map((cell, at) => [names[at] ?? "", cell])));
}

async function expectSameEverywhere(plant: Plant, file: string): Promise<void> {
  const { triggers, ok, ng, warn, err } = counters(plant);
  const results = firstResults(plant);
  expect(results).toHaveLength(triggers);
  const report = lastLine(await assayd("report", "shift", "--last", "1h", "--json", "--config", file));
  expect(report.total).toMatchObject({ parts: triggers, verdicts: { OK: ok, NG: ng, WARN: warn, ERR: err } });
  const exported = table((await assayd("export", "--csv", "--last", "1h", "--config", file)).stdout);
  const shown = ({ seq, inspection_id, part_id, verdict, action, reason }: Result) => {
    return { seq: String(seq), inspection_id, part_id: part_id ?? "", verdict, action, reason };
  };
  const columns = exported.map(({ seq, inspection_id, part_id, verdict, action, reason }) => {
    return { seq, inspection_id, part_id, verdict, action, reason };
  });
  expect(columns).toEqual(results.map(shown));
  const audit = lastLine(await assayd("report", "audit", "--verify", "--json", "--config", file));
  expect(audit).toMatchObject({ whole: true });
}

describe.skipIf(!hasMosquitto)("a station's records", () => {
  it("say the same of every part on MQTT, on the disk, in the report and in the export", async () => {
    const { stateDir, file, plant, homeAssistant, host, daemon } = await plantWithStation();
    const good = await judge(plant, ["G1", "G2", "G3"], { reject: 1000 });
    const bad = await judge(plant, ["B1", "B2", "B3"], { reject: -1000 });
    await until("counters", () => counters(plant).triggers === 2 * EACH);
    expect(counters(plant)).toMatchObject({ ok: EACH, ng: EACH, err: 0 });
    expect(new Set([...good, ...bad]).size).toBe(2 * EACH);

    const evidence = (): string[] =>
      readdirSync(join(stateDir, "evidence"), { recursive: true, encoding: "utf8" });
    const kept = (id: string, kind: string): boolean =>
      evidence().some((name) => name.includes(id) && name.endsWith(`.ng.${kind}.jpg`));
    await until("evidence of NG parts", () => bad.every((id) => kept(id, "frame") && kept(id, "heatmap")));
    expect(evidence().filter((name) => good.some((id) => name.includes(id)))).toEqual([]);

    await plant.ask("label.set", { inspection_id: bad[0], label: "good", by: "anna" });
    await plant.ask("label.set", { inspection_id: bad[1], label: "bad", by: "anna" });
    expect(await plant.ask("label.set", { inspection_id: good[0], label: "bad" })).toMatchObject({
      error: { code: "no-evidence" },
    });
    expect(readdirSync(join(stateDir, "datasets", "default"))).toEqual([`label-${bad[0]}.png`]);
    expect(readdirSync(join(stateDir, "challenge", "default"))).toEqual([`${bad[1]}.png`]);

    expect(await ended(plant, "challenge.run")).toMatchObject({
      state: "completed",
      type: "challenge",
      result: { caught: 1, total: 1 },
    });
    const gauge = await ended(plant, "gauge.run", { repeats: 5 });
    expect(gauge).toMatchObject({ state: "completed", type: "gauge", metrics: { scores: 5 } });
    const [studied] = await judge(plant, ["S1"], { reject: 0 });
    const resultOf = (id = ""): Result | undefined =>
      firstResults(plant).find(({ inspection_id }) => inspection_id === id);
    await until("the result after the study", () => resultOf(studied) !== undefined);
    const { margin_sigma: margin, score } = resultOf(studied) ?? {};
    expect((margin ?? 0) / ((score ?? 0) / (gauge.result?.sigma ?? 0))).toBeCloseTo(1, 4); // the threshold is 0

    const { data } = await plant.ask("replay", { from: 1, to: 2 * EACH });
    expect(data).toEqual({ from: 1, to: 2 * EACH });
    const replayed = (): number[] =>
      plant.heard
        .json("cam/cam1/result")
        .filter(({ historical }) => historical === true)
        .map(({ seq }) => Number(seq));
    await until("replayed", () => replayed().length === 2 * EACH);
    expect(replayed()).toEqual([1, 2, 3, 4, 5, 6]);
    await until("the replay's end is told", () =>
      plant.heard.json("event").some(({ kind }) => kind === "replay.ended"),
    );

    await expectSameEverywhere(plant, file);

    const discovered = homeAssistant.messages.find(
      ({ topic }) => topic === "homeassistant/device/st1_cam1/config",
    );
    expect(JSON.parse(discovered?.text ?? "{}")).toMatchObject({ dev: { ids: ["st1_cam1"] } });
    expect([host.of("NBIRTH").length, host.of("DBIRTH", "cam1").length]).toEqual([1, 1]);
    await until("every part on Sparkplug", () => host.of("DDATA", "cam1").length >= counters(plant).triggers);
    const health = healthSchema.parse(plant.heard.json("health").at(-1));
    process.stdout.write(`health ${JSON.stringify(health)}\n`);

    daemon.process.kill("SIGTERM");
    expect((await daemon.ended()).code).toBe(0);
    expect(plant.heard.json("state").at(-1)).toMatchObject({ state: "stopped" });
  }, 180_000);

  it("say who changed what; a bypass needs its key; an alarm is there until somebody has seen it", async () => {
    const { broker, stateDir, file, plant, daemon } = await plantWithStation();
    const deadline = { key: "cameras.0.deadlineMs" };
    expect((await plant.ask("config.get", deadline)).data).toMatchObject({ value: 5000, changed: false });
    const set = await plant.ask("config.set", { changes: [{ ...deadline, value: 4000 }], by: "anna" });
    expect(set).toMatchObject({ status: "ok", data: { restart: [deadline.key] } });
    expect((await plant.ask("config.get", deadline)).data).toMatchObject({ value: 5000, changed: true });
    expect(readFileSync(file, "utf8")).toContain("4000");
    expect((await plant.ask("config.set", { undo: true, by: "bert" })).status).toBe("ok");
    expect((await plant.ask("config.get", deadline)).data).toMatchObject({ changed: false });

    const backup = await plant.ask("backup");
    const tar = join(stateDir, "backups", String(backup.data.file));
    expect([existsSync(tar), statSync(tar).mode & 0o777]).toEqual([true, 0o600]);

    expect((await plant.ask("bypass", { on: true })).error?.code).toBe("wrong-key");
    expect((await plant.ask("bypass", { on: true, key: BYPASS_KEY, by: "anna" })).status).toBe("ok");
    const passed = await plant.ask("trigger", { part_id: "P1" });
    expect(passed.data).toMatchObject({ action: "pass", reason: "manual" });
    await plant.ask("bypass", { on: false, by: "anna" });
    expect((await plant.ask("trigger")).data).toMatchObject({ reason: "score" });

    await broker.kill();
    await broker.restart();
    const alarms = () => plant.heard.on("alarm/mqtt-unreachable").map(({ text }) => text);
    await until("the alarm of the lost connection", () => alarms().length > 0, 30_000);
    expect(alarmSchema.parse(JSON.parse(alarms().at(-1) ?? ""))).toMatchObject({
      active: false,
      acked: false,
    });
    const acked = await plant.ask("alarm.ack", { code: "mqtt-unreachable", by: "anna" });
    expect(acked.data).toMatchObject({
      acknowledged: [{ source: "mqtt", code: "mqtt-unreachable", by: "anna" }],
    });
    await until("the alarm has gone", () => alarms().at(-1) === "");

    const audit = await assayd("report", "audit", "--last", "1h", "--json", "--config", file);
    const done = audit.stdout
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as { kind: string; data: Record<string, unknown> })
      .filter(({ kind }) => kind === "command.done" || kind === "command.refused")
      .map(({ data }) => [data.command, data.by, data.old, data.new]);
    expect(done).toEqual(
      expect.arrayContaining([
        ["config.set", "anna", { [deadline.key]: 5000 }, { [deadline.key]: 4000 }],
        ["bypass", "anna", false, true],
        ["bypass", "anna", true, false],
        ["alarm.ack", "anna", undefined, undefined],
      ]),
    );
    const { stdout, stderr } = daemon;
    const said = [
      stdout,
      stderr,
      audit.stdout,
      ...plant.heard.messages.map(({ topic, text }) => topic + text),
    ];
    const ours = said.filter((text) => !text.startsWith("assay/v1/st1/cmd/")); // what we sent ourselves
    expect(ours.filter((text) => text.includes(BYPASS_KEY))).toEqual([]);
  }, 120_000);
});
