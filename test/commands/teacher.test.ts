import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { writeSafetensors } from "../../src/backbones/weights/safetensors.ts";
import { syntheticWeights } from "../backbones/synthetic-weights.ts";

// The command in a process of its own: what it prints is what a script gets.
const run = promisify(execFile);
const command = new URL("../../src/commands/teacher.ts", import.meta.url).href;
let folder: string;

const teacher = (...args: string[]) =>
  run(process.execPath, [
    "--input-type=module",
    "--eval",
    `import { teacherCommand } from ${JSON.stringify(command)}; await teacherCommand().parseAsync(process.argv.slice(1), { from: "user" });`,
    "--",
    ...args,
    "--state-dir",
    join(folder, "state"),
  ]);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "assayd-teacher-command-"));
  await writeFile(
    join(folder, "lite0.safetensors"),
    writeSafetensors(syntheticWeights("efficientnet-lite0")),
  );
});
afterAll(() => rm(folder, { recursive: true }));

test("list says how to get a teacher, import makes one, list shows it", async () => {
  expect((await teacher("list")).stdout).toMatch(/No teachers.*assayd teacher import default/);
  const file = join(folder, "lite0.safetensors");
  const imported = await teacher(
    "import",
    file,
    "--id",
    "mine",
    "--licence",
    "MIT",
    "--input-size",
    "64",
    "--json",
  );
  const lines = imported.stdout.trimEnd().split("\n");
  expect(JSON.parse(lines.at(-1) ?? "")).toMatchObject({
    id: "mine",
    backbone: "efficientnet-lite0",
    licence: "MIT",
    inputSizePx: 64,
    parameters: 700_768,
    levels: [{ channels: 24, stridePx: 4 }, { channels: 40 }, { channels: 112 }],
  });
  expect((await teacher("list")).stdout).toMatch(
    /mine: efficientnet-lite0, levels 24@1\/4 40@1\/8 112@1\/16, 20 MMAC at 64²/,
  );
  const listed = JSON.parse((await teacher("list", "--json")).stdout) as {
    teachers: { id: string; problem: null }[];
  };
  expect(listed.teachers).toMatchObject([{ id: "mine", problem: null }]);
});
