import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { temporaryFolder } from "../imaging/temporary-folder.ts";

const SCRIPT = join(import.meta.dirname, "..", "..", "scripts", "datasets.sh");

/** Without a way to the internet: everything goes to a proxy that is not there. */
function datasets(...args: readonly string[]) {
  const env = {
    ...process.env,
    https_proxy: "http://127.0.0.1:9",
    http_proxy: "http://127.0.0.1:9",
    no_proxy: "",
  };
  const { status, stdout, stderr } = spawnSync(SCRIPT, args, { env, encoding: "utf8" });
  return { status, stdout, stderr };
}

describe("scripts/datasets.sh", () => {
  it("tells source, licence and layout of every name it lists", () => {
    const names = /^Names: (.+)$/m.exec(datasets().stdout)?.[1]?.split(" ") ?? [];
    expect(names).toHaveLength(7);
    for (const name of names) {
      const { status, stdout } = datasets(name);
      expect([name, status]).toEqual([name, 0]);
      expect(stdout).toMatch(/from +https:[^]*licence +\S[^]*layout +\S[^]*assayd evaluate --data DIR/);
    }
  });

  it("fetches only what a licence allows, and says why not", () => {
    const folder = join(temporaryFolder(), "new");
    expect(datasets("mvtec-ad", folder).stderr).toMatch(/no direct download/);
    expect(datasets("kolektorsdd2", folder).stderr).toMatch(/--accept-licence/);
    expect(existsSync(folder)).toBe(false);
    const unknown = datasets("imagenet");
    expect([unknown.status, unknown.stderr]).toEqual([
      1,
      expect.stringMatching(/no data set 'imagenet'.*visa/),
    ]);
  });

  it("says that there is no network and what to do instead, and leaves nothing behind", () => {
    const folder = join(temporaryFolder(), "visa");
    const { status, stderr } = datasets("visa", folder);
    expect(status).toBe(1);
    expect(stderr).toMatch(/no way to the internet[^]*assayd evaluate --data FOLDER/);
    expect(readdirSync(folder)).toEqual([]);
  });

  it("unpacks what it fetched and leaves nothing else", () => {
    const folder = temporaryFolder();
    mkdirSync(join(folder, "set"));
    writeFileSync(join(folder, "set", "readme.txt"), "pictures");
    spawnSync("tar", ["--create", "--file", join(folder, "set.tar"), "--directory", folder, "set"]);
    const curl = join(folder, "curl"); // in place of the network: its last argument but one is --output's file
    writeFileSync(curl, `#!/bin/sh\nwhile [ $# -gt 2 ]; do shift; done\ncp "${folder}/set.tar" "$1"\n`);
    chmodSync(curl, 0o755);
    const target = join(folder, "my sets", "visa");
    const { status, stdout, stderr } = spawnSync(SCRIPT, ["visa", target], {
      env: { ...process.env, PATH: `${folder}:${process.env.PATH ?? ""}` },
      encoding: "utf8",
    });
    expect([status, stderr]).toEqual([0, ""]);
    expect(stdout).toMatch(/ready: /);
    expect(readdirSync(target)).toEqual(["set"]);
  });

  it("refuses an option that it does not know, rather than take it for a folder", () => {
    const { status, stderr } = datasets("visa", "--accept-license");
    expect([status, stderr]).toEqual([
      1,
      expect.stringMatching(/no option --accept-license.*--accept-licence/),
    ]);
  });

  it("never writes among what is already there", () => {
    const folder = join(temporaryFolder(), "full");
    mkdirSync(folder);
    writeFileSync(join(folder, "mine.txt"), "mine");
    expect(datasets("visa", folder).stderr).toMatch(/is not empty/);
    expect(readdirSync(folder)).toEqual(["mine.txt"]);
  });
});
