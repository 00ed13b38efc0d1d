import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { ConfigError } from "../../src/domain/errors.ts";
import { userLine, Users } from "../../src/opcua/users.ts";

async function usersWith(...names: readonly string[]) {
  const slept: number[] = [];
  const lines = await Promise.all(names.map((name) => userLine(name, `password of ${name}`)));
  const users = new Users(["# comment", "", ...lines].join("\n"), (ms) => {
    slept.push(ms);
    return Promise.resolve();
  });
  return { users, slept };
}

describe("Users", () => {
  it("knows who is who", async () => {
    const { users } = await usersWith("ann", "bob");
    expect(await users.isValid("ann", "password of ann")).toBe(true);
    expect(await users.isValid("bob", "password of ann")).toBe(false);
    expect(await users.isValid("eve", "password of ann")).toBe(false);
    expect(await users.isValid("__proto__", "")).toBe(false);
  });

  it("gets slower with each wrong password, up to 5 s, and fast again after a right one", async () => {
    const { users, slept } = await usersWith("ann");
    for (let guess = 0; guess < 9; guess += 1) await users.isValid("ann", `guess ${guess}`);
    expect(slept).toEqual([100, 200, 400, 800, 1600, 3200, 5000, 5000]);
    expect(await users.isValid("ann", "password of ann")).toBe(true);
    expect(await users.isValid("ann", "password of ann")).toBe(true);
    expect(slept).toHaveLength(9);
  });

  it("refuses what piles up beyond 16 checks", async () => {
    const { users } = await usersWith("ann");
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => users.isValid("ann", "password of ann")),
    );
    expect(answers.filter((valid) => valid)).toHaveLength(16);
  });

  it("names the line of a file that is wrong", () => {
    const read = (text: string) => () => new Users(text, () => Promise.resolve());
    expect(read("# ok\nann:plain password")).toThrow(ConfigError);
    expect(read("# ok\nann:plain password")).toThrow(/Line 2/);
  });

  it("says which file cannot be read", async () => {
    const folder = mkdtempSync(join(tmpdir(), "assayd-users-"));
    try {
      const file = join(folder, "nobody");
      await expect(Users.read(file, () => Promise.resolve())).rejects.toThrow(file);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it("lets nobody in without a file", async () => {
    const users = await Users.read(null, () => Promise.resolve());
    expect(await users.isValid("", "")).toBe(false);
  });
});
