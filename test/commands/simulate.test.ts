import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { simulateCommand } from "../../src/commands/simulate.ts";
import { PRODUCTS } from "../../src/simulator/products.ts";

function emptyFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "assayd-simulate-"));
  onTestFinished(() => {
    rmSync(folder, { recursive: true, force: true });
  });
  return folder;
}

const simulate = (...args: string[]) => simulateCommand().parseAsync(["products", ...args], { from: "user" });

it("writes so many pictures of each sort as asked", async () => {
  const out = join(emptyFolder(), "gears");
  const counts = ["--train", "2", "--good", "1", "--bad", "6", "--size", "64", "--seed", "4"];
  await simulate("--family", "gear", "--out", out, ...counts);
  expect(readdirSync(join(out, "train", "good"))).toEqual(["000.png", "001.png"]);
  expect(readdirSync(join(out, "test")).sort()).toEqual(
    ["crack", "good", "nick", "rust", "scratch", "tooth", "worn"].sort(),
  );
  expect(readdirSync(join(out, "ground_truth", "crack"))).toEqual(["000_mask.png"]);
});

it("refuses an unknown product, a folder that exists, and a call without either, and writes nothing", async () => {
  const folder = emptyFolder();
  const out = join(folder, "new");
  await expect(simulate("--family", "nope", "--out", out)).rejects.toThrow(
    new RegExp(`"nope".*${PRODUCTS.map(({ name }) => name).join(", ")}`),
  );
  await expect(simulate("--family", "gear", "--out", folder)).rejects.toThrow(/exists already/);
  await expect(simulate("--family", "gear")).rejects.toThrow(/--family <name> and --out <dir>/);
  expect(existsSync(out)).toBe(false);
  await expect(simulate("--family", "gear", "--out", "/dev/null/new")).rejects.toThrow(
    /cannot be written: .*Name another folder/,
  );
});
