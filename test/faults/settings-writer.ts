import { readFileSync, writeFileSync } from "node:fs";
import { MACHINE_FILES } from "../../src/config/config-files.ts";
import { loadConfig } from "../../src/config/load.ts";
import { SettingsFile } from "../../src/config/settings-file.ts";

/**
 * Changes the configuration file of its first argument again and again, as `cmd/config.set` does, and says each change on stdout
 * when it is done. With `careless` as the second it writes the file in place, for the test of the test.
 */
const [, , file = "", mode] = process.argv;
const settings = new SettingsFile({
  file,
  config: loadConfig(file, {}, MACHINE_FILES),
  env: {},
  files: MACHINE_FILES,
});
for (let deadlineMs = 100; ; deadlineMs = 100 + ((deadlineMs - 99) % 800)) {
  if (mode === "careless") await writeInPlace(deadlineMs);
  else await settings.change([{ key: "cameras.0.deadlineMs", value: deadlineMs }], null);
  process.stdout.write(`${deadlineMs}\n`);
}

async function writeInPlace(deadlineMs: number): Promise<void> {
  const text = readFileSync(file, "utf8").replace(/deadlineMs: \d+/, `deadlineMs: ${deadlineMs}`);
  writeFileSync(file, text.slice(0, text.length / 2));
  await new Promise((resolve) => setTimeout(resolve, 5));
  writeFileSync(file, text);
}
