import { spawn } from "node:child_process";
import { once } from "node:events";
import { globSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { folder, open } from "../store/store-fixture.ts";

const WRITER = fileURLToPath(new URL("store-writer.ts", import.meta.url));
const [LIBRARY] = globSync("/usr/lib/*/faketime/libfaketime.so.1");
/** As libfaketime reads them: an hour forth, an hour back, no battery, and the end of 32 bits. */
const CLOCKS = ["+3600s", "-3600s", "1970-01-01 00:01:00", "2038-01-19 03:14:00", "+0s"];

describe.skipIf(LIBRARY === undefined)(
  "a wall clock that is set while parts are recorded (promises.md R21)",
  () => {
    it("changes neither their order nor their number, and the trail stays whole", async () => {
      const place = folder();
      const clock = join(place, "clock");
      const file = join(place, "assayd.db");
      writeFileSync(clock, "+0s\n");
      const writer = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", WRITER, file], {
        env: {
          ...process.env,
          LD_PRELOAD: LIBRARY,
          FAKETIME_TIMESTAMP_FILE: clock,
          FAKETIME_NO_CACHE: "1",
          FAKETIME_DONT_FAKE_MONOTONIC: "1",
        },
      });
      const exited = once(writer, "exit");
      let said = "";
      writer.stdout.on("data", (chunk: Buffer) => (said += chunk.toString()));
      for (const time of CLOCKS) {
        const until = said.split("\n").length + 8;
        while (said.split("\n").length < until) await Promise.race([once(writer.stdout, "data"), exited]);
        expect(writer.exitCode).toBeNull();
        writeFileSync(clock, `${time}\n`);
      }
      writer.kill("SIGKILL");
      await exited;

      const store = await open(file, { maxMessages: 100_000 });
      const parts = await store.history("cam1", 1, 1e6, 1e6);
      expect(parts.length).toBeGreaterThanOrEqual(400);
      expect(parts.map(({ seq }) => seq)).toEqual(parts.map((_, index) => index + 1));
      const queued = (await store.readOutbox(0, 1e6)).filter(({ seq }) => seq !== null);
      expect(queued.map(({ seq }) => seq)).toEqual(parts.map(({ seq }) => seq));
      const years = new Set(queued.map(({ at }) => new Date(at).getUTCFullYear()));
      expect(years.size).toBeGreaterThanOrEqual(3); // the clock was really set
      expect((await store.checkAudit()).problems).toEqual([]);
      expect(await store.prune()).toBe(0); // nothing is old by a clock that was set just now
      await store.close();
    }, 120_000);
  },
);
