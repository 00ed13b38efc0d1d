import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { MACHINE_FILES } from "../../src/config/config-files.ts";
import { loadConfig, parseConfig } from "../../src/config/load.ts";
import { createRandom } from "../../src/graph/random.ts";
import { folder } from "../store/store-fixture.ts";

const WRITER = fileURLToPath(new URL("settings-writer.ts", import.meta.url));
const MUTANTS = Number(process.env.ASSAYD_CONFIG_MUTANTS ?? 100_000);
const BOX_MS = Number(process.env.ASSAYD_CONFIG_BOX_MS ?? 15_000);
const KILLS = Number(process.env.ASSAYD_CONFIG_KILLS ?? 15);

/** With a filling that makes the file longer than a page, so that a write in place would take two. */
const TEXT = `# the line at the window
station: { name: st1 }
cameras:
  - name: cam1
    source: { kind: rtsp, url: "rtsp://user:hunter2@10.0.0.5/stream" }
    trigger: { kind: rate, partsPerSecond: 5 }
    deadlineMs: 300
    reject: { kind: modbus, host: 10.0.0.7, track: { kind: time, distanceMs: 800 } }
    crop: { top: 1, left: 2 }
recipes:
  - { name: bottle, number: 1, policy: { warn: hold, vote: { needed: 2, of: 3 } } }
broker: { kind: external, url: "mqtts://broker:8883", username: st1 }
plc: { modbus: { enabled: true, allow: ["10.0.0.0/24"] } }
`;
/** What mutants are made of: YAML's own signs, wrong types, numbers out of range, names of the prototype. */
const SCRAPS =
  `: |{|}|[|]|"|'|#|&a|*a|!!binary|---|...|- |\n|\t|  |null|true|-1|1e999|.nan|0x10|~|<<: |? |%|@|\`|__proto__|constructor|\0|é|💥|deadlinMs: 1|${"9".repeat(40)}`.split(
    "|",
  );

describe("a configuration that is damaged (promises.md R20)", () => {
  it(
    `is a configuration or a list of problems with their places, never an error: ${MUTANTS} mutants, or as many as ${BOX_MS} ms allow`,
    () => {
      const random = createRandom(20);
      const draw = (n: number): number => Math.floor(random() * n);
      const until = performance.now() + BOX_MS;
      let mutants = 0;
      let refused = 0;
      for (; mutants < MUTANTS && performance.now() < until; mutants += 1) {
        let text = TEXT;
        for (let changes = draw(4); changes >= 0; changes -= 1) {
          const at = draw(text.length);
          text = text.slice(0, at) + (SCRAPS[draw(SCRAPS.length)] ?? "") + text.slice(at + draw(6));
        }
        const parsed = parseConfig(text);
        if (!("problems" in parsed)) continue;
        refused += 1;
        expect(parsed.problems.length).toBeGreaterThan(0);
        for (const { line, column, message } of parsed.problems)
          if (line < 1 || column < 1 || message === "") throw new Error(`no place or no words for:\n${text}`);
      }
      expect(mutants).toBeGreaterThan(100);
      expect(refused).toBeGreaterThan(mutants / 2);
      expect(Object.keys(Object.prototype)).toEqual([]); // nothing got into the prototype
    },
    BOX_MS + 60_000,
  );
});

describe("kill -9 while a setting is saved (promises.md R20)", () => {
  it(`leaves a whole configuration, the old or the new one, each of ${KILLS} times`, async () => {
    const file = join(folder(), "assayd.yaml");
    writeFileSync(file, TEXT);
    for (let kill = 1; kill <= KILLS; kill += 1) {
      const said = await killedWriter(file, kill);
      const now = deadlineIn(file);
      expect([said, said === null ? null : 100 + ((said - 99) % 800)]).toContain(now); // what was said, or the one under way
      expect(readFileSync(file, "utf8")).toMatch(/# the line at the window[\s\S]*allow:/);
    }
  }, 180_000);

  it("is found out by this test where the file is written in place", async () => {
    const file = join(folder(), "assayd.yaml");
    let damaged = 0;
    for (let kill = 1; kill <= 10 && damaged === 0; kill += 1) {
      writeFileSync(file, TEXT);
      await killedWriter(file, kill, "careless");
      if (!readFileSync(file, "utf8").includes("allow:")) damaged += 1;
    }
    expect(damaged).toBe(1);
  }, 120_000);
});

/** @returns the last change that it said was done */
async function killedWriter(file: string, kill: number, ...mode: readonly string[]): Promise<number | null> {
  const writer = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", WRITER, file, ...mode]);
  let said = "";
  writer.stdout.on("data", (chunk: Buffer) => (said += chunk.toString()));
  const closed = once(writer, "close");
  while (said.split("\n").length < 5) await Promise.race([once(writer.stdout, "data"), closed]);
  await sleep((kill * 7) % 23);
  writer.kill("SIGKILL");
  await closed;
  return Number(said.slice(0, said.lastIndexOf("\n")).split("\n").at(-1));
}

function deadlineIn(file: string): number | undefined {
  return loadConfig(file, {}, MACHINE_FILES).cameras[0]?.deadlineMs;
}
