import { readdirSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { once } from "node:events";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { freePort, hasMosquitto, Mosquitto } from "../messaging/mosquitto.ts";
import { until } from "../messaging/plant.ts";
import { emptyFolder, taughtNothingState, trainedState } from "./quick-state.ts";
import { renderNormals } from "./quick-training.ts";
import { assayd, lastLine, RunningAssayd, writeConfig } from "./run-assayd.ts";
import { Plant } from "./test-station.ts";

const COMMANDS = [
  "run",
  "demo",
  "train",
  "evaluate",
  "bench",
  "models",
  "teacher",
  "doctor",
  "config",
  "simulate",
];

describe("assayd", () => {
  it("lists every command in its help, and says there what --json gives", async () => {
    const { code, stdout } = await assayd("--help");
    expect(code).toBe(0);
    for (const command of COMMANDS) expect(stdout).toMatch(new RegExp(`^ +${command}\\b`, "m"));
    const demo = await assayd("demo", "--help");
    expect(demo.stdout).toMatch(/Usage: assayd demo[^]*imageAuroc[^]*latencyMsP99/);
  });

  it("refuses an unknown command and option with the usage", async () => {
    const command = await assayd("explode");
    expect(command.code).not.toBe(0);
    expect(command.stderr).toMatch(/unknown command 'explode'/);
    const option = await assayd("run", "--explode");
    expect(option.code).not.toBe(0);
    expect(option.stderr).toMatch(/unknown option '--explode'/);
  });

  it("trains from a folder, then lists, shows, promotes and rolls back models, each with one JSON object", async () => {
    const stateDir = await taughtNothingState();
    const normals = join(stateDir, "normals");
    await renderNormals(normals, 12);
    const config = writeConfig(stateDir);
    const state = ["--state-dir", stateDir, "--json"];

    expect(lastLine(await assayd("models", "list", ...state))).toEqual({ models: [] });
    expect(lastLine(await assayd("teacher", "list", ...state))).toMatchObject({
      teachers: [{ id: "efficientnet-lite0", problem: null }],
    });
    const first = lastLine(await assayd("train", normals, "-c", config, "--promote", "--json"));
    expect(first).toMatchObject({ images: 12, promoted: true });
    const second = lastLine(await assayd("train", normals, "-c", config, "--json"));
    expect(second).toMatchObject({ promoted: false });
    expect(readdirSync(join(stateDir, "bundles")).sort()).toEqual([first.bundleId, second.bundleId].sort());

    expect(lastLine(await assayd("models", "list", ...state))).toMatchObject({
      models: [
        { id: second.bundleId, parent: first.bundleId, activeFor: [] },
        { id: first.bundleId, parent: null, activeFor: ["default"] },
      ],
    });
    const promoted = lastLine(await assayd("models", "promote", String(second.bundleId), ...state));
    expect(promoted).toMatchObject({ active: second.bundleId, before: first.bundleId });
    expect(lastLine(await assayd("models", "rollback", ...state))).toMatchObject({ active: first.bundleId });
    expect(lastLine(await assayd("models", "show", String(first.bundleId), ...state))).toMatchObject({
      verified: true,
    });
    const without = await assayd("models", "rollback", ...state);
    expect(without.code).toBe(1);
    expect(without.stderr).toMatch(/has no parent/);
  });

  it("says in words why it cannot train: no folder, an empty one", async () => {
    const stateDir = await emptyFolder();
    const config = writeConfig(stateDir);
    const missing = await assayd("train", join(stateDir, "nowhere"), "-c", config, "--json");
    expect(missing.code).toBe(2);
    expect(missing.stderr).toMatch(/^assayd: There is no folder .*nowhere/m);
    expect(missing.stdout).toBe("");
  });

  it("plays the demo with a model that is there, and ends with its summary", async () => {
    const stateDir = await trainedState();
    const port = String(await freePort());
    const flags = ["--keep", "--state-dir", stateDir, "--input-size", "128", "--port", port, "--json"];
    const ended = await assayd("demo", "--parts", "25", "--rate", "10", ...flags);
    expect(ended.code).toBe(0);
    expect(ended.stderr).toMatch(/mosquitto_sub/);
    const summary = lastLine(ended);
    expect(summary).toMatchObject({ parts: 25, err: 0, trainSeconds: null });
    expect(Number(summary.ok) + Number(summary.ng) + Number(summary.warn)).toBe(25);
    expect(Number(summary.knownGood) + Number(summary.knownBad)).toBe(25);
    expect(Number(summary.latencyMsP99)).toBeGreaterThanOrEqual(Number(summary.latencyMsP50));
  });
});

describe("assayd config check", () => {
  it("takes the example, and names file, line and key of everything wrong with exit code 78", async () => {
    expect((await assayd("config", "check")).code).toBe(0);
    const file = join(await emptyFolder(), "bad.yaml");
    writeFileSync(
      file,
      'station:\n  name: "Not A Name"\ncameras:\n  - name: cam1\n    deadlineMs: -5\n    colour: red\n',
    );
    const { code, stderr } = await assayd("config", "check", file);
    expect(code).toBe(78);
    expect(stderr).toMatch(/bad\.yaml:2\b.*station\.name/);
    expect(stderr).toMatch(/bad\.yaml:5\b.*deadlineMs/);
    expect(stderr).toMatch(/bad\.yaml:6\b.*colour/);
    const json = await assayd("config", "check", file, "--json");
    expect(lastLine(json)).toMatchObject({ valid: false });
  });
});

describe("assayd run", () => {
  it("does not start with a bad configuration: file:line and key, exit code 78", async () => {
    const file = join(await emptyFolder(), "bad.yaml");
    writeFileSync(file, "station:\n  inputSize: 100\n");
    const { code, stderr } = await assayd("run", "-c", file);
    expect(code).toBe(78);
    expect(stderr).toMatch(/bad\.yaml:2\b.*inputSize/);
    expect((await assayd("run", "-c", `${file}.missing`)).code).toBe(78);
  });

  it("ends in words, not hanging, when the port of its broker is taken", async () => {
    const taken = createServer().listen(0, "127.0.0.1");
    await once(taken, "listening");
    onTestFinished(() => {
      taken.close();
    });
    const { port } = taken.address() as { port: number };
    const stateDir = await trainedState();
    const config = writeConfig(stateDir, { broker: { kind: "embedded", port } });
    const { code, stderr } = await assayd("run", "-c", config);
    expect(code).not.toBe(0);
    expect(stderr).toContain(String(port));
  });

  it.skipIf(!hasMosquitto)(
    "ends on SIGTERM within 3 s with exit code 0, having said stopped and sent every result",
    async () => {
      const broker = await Mosquitto.start();
      onTestFinished(() => broker.stop());
      const plant = await Plant.at(broker.url);
      const config = writeConfig(await trainedState(), {
        broker: { kind: "external", url: broker.url },
        cameras: [{ source: { kind: "simulated", fps: 10 }, deadlineMs: 1000 }],
      });
      const running = new RunningAssayd(["run", "-c", config]);
      await plant.more(20, ({ reason }) => reason === "score");
      running.process.kill("SIGTERM");
      const { code, stderr } = await running.ended();
      expect([code, stderr.match(/unhandled|Error:/gi)]).toEqual([0, null]); // longer than 3 s would end as failed (lifecycle.ts)
      await until("stopped", () => plant.heard.json("state").at(-1)?.state === "stopped");
      const seqs = plant.results().map(({ seq }) => seq);
      expect(seqs).toEqual(seqs.map((_, index) => index + 1));

      const again = new RunningAssayd(["run", "-c", config]);
      await plant.more(3);
      again.process.kill("SIGTERM");
      expect((await again.ended()).code).toBe(0);
      const after = plant.results().map(({ seq }) => seq);
      expect(after).toEqual(after.map((_, index) => index + 1)); // the numbers go on
    },
  );

  it("ends on SIGTERM while it still starts", async () => {
    const config = writeConfig(await trainedState(), { broker: { kind: "embedded", port: 0 } });
    const running = new RunningAssayd(["run", "-c", config]);
    await until("it says something", () => running.stderr !== "", 20_000);
    running.process.kill("SIGTERM");
    await until("it has ended", () => running.process.exitCode !== null, 20_000);
    expect((await running.ended()).code).toBe(0);
  });
});
