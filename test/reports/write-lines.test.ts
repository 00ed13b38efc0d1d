import { execFile } from "node:child_process";
import { PassThrough, Writable } from "node:stream";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { partLines } from "../../src/reports/part-lines.ts";
import { writeLines } from "../../src/reports/write-lines.ts";
import type { PartRow } from "../../src/store/history-reader.ts";

const ROW = { camera: "cam1", seq: 1, at: 0, triggered_at: 0, simulated: 1 } as PartRow;

test("waits for a slow reader: what is buffered does not grow with the number of parts", async () => {
  const out = new PassThrough({ highWaterMark: 4096 });
  let most = 0;
  let lines = 0;
  function* rows(): Generator<PartRow> {
    for (let n = 0; n < 5000; n += 1) {
      most = Math.max(most, out.writableLength + out.readableLength);
      yield ROW;
    }
  }
  const read = (async () => {
    for await (const chunk of out) lines += String(chunk).split("\n").length - 1;
  })();
  await writeLines(partLines(rows(), "json"), out);
  out.end();
  await read;
  expect(lines).toBe(5000);
  expect(most).toBeLessThan(20_000);
});

test("ends quietly when the reader goes away", async () => {
  const lines = new URL("../../src/reports/write-lines.ts", import.meta.url).href;
  const endless = `import { writeLines } from ${JSON.stringify(lines)};
    function* forever() { for (;;) yield "line\\n"; }
    await writeLines(forever(), process.stdout);`;
  const command = `"$0" --disable-warning=ExperimentalWarning --input-type=module -e '${endless}' | head -2; echo "\${PIPESTATUS[0]}"`;
  const { stdout, stderr } = await promisify(execFile)("bash", ["-c", command, process.execPath]);
  expect(stdout).toBe("line\nline\n0\n");
  expect(stderr).toBe("");
});

test("tells of any other failure", async () => {
  const out = new Writable({
    write: (_chunk, _encoding, done) => {
      done(Object.assign(new Error("no space left"), { code: "ENOSPC" }));
    },
  });
  await expect(writeLines(["a", "b"], out)).rejects.toThrow("no space left");
});
