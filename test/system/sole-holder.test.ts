import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { holdAlone } from "../../src/system/sole-holder.ts";

const SOURCE = join(import.meta.dirname, "..", "..", "src", "system", "sole-holder.ts");

describe("holdAlone", () => {
  it("lets one hold a name until it is freed, and another hold another", async () => {
    const name = `/tmp/h-${process.pid}`;
    const free = await holdAlone(name);
    expect(await holdAlone(name)).toBeNull();
    const other = await holdAlone(`${name}-2`);
    await other?.();
    await free?.();
    const again = await holdAlone(name);
    expect(again).not.toBeNull();
    await again?.();
  });

  it("is free again when its holder was killed", async () => {
    const name = `/tmp/k-${process.pid}`;
    const text = `const { holdAlone } = await import(${JSON.stringify(SOURCE)});
      await holdAlone(${JSON.stringify(name)}); process.stdout.write("held"); setInterval(() => undefined, 1000);`;
    const holder = spawn(process.execPath, ["--input-type=module", "-e", text], {
      stdio: ["ignore", "pipe", "ignore"],
    });
    await once(holder.stdout, "data");
    expect(await holdAlone(name)).toBeNull();
    holder.kill("SIGKILL");
    await once(holder, "exit");
    const free = await holdAlone(name);
    expect(free).not.toBeNull();
    await free?.();
  });
});
