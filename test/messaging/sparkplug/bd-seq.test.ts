import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pino } from "pino";
import { describe, expect, it } from "vitest";
import { BdSeq } from "../../../src/messaging/sparkplug/bd-seq.ts";

const logger = pino({ level: "silent" });
const newFile = (): string => join(mkdtempSync(join(tmpdir(), "assayd-bdseq-")), "bdseq");

describe("bdSeq", () => {
  // tck-id-topics-nbirth-bdseq-increment, tck-id-message-flow-edge-node-birth-publish-will-message-payload-bdSeq
  it("starts at 0, goes up by one for each CONNECT, and after 255 comes 0", async () => {
    const bdSeq = new BdSeq(newFile(), logger);
    const used: number[] = [];
    for (let i = 0; i < 258; i += 1) {
      used.push(await bdSeq.reserve());
      bdSeq.used();
    }
    expect(used.slice(0, 3)).toEqual([0, 1, 2]);
    expect(used.slice(254)).toEqual([254, 255, 0, 1]);
  });

  it("is not used up by an attempt that sent no CONNECT", async () => {
    const bdSeq = new BdSeq(newFile(), logger);
    expect([await bdSeq.reserve(), await bdSeq.reserve()]).toEqual([0, 0]);
  });

  it("goes on after a restart, even one between CONNECT and the next number", async () => {
    const file = newFile();
    const first = new BdSeq(file, logger);
    await first.reserve();
    first.used();
    await first.reserve();
    expect(await new BdSeq(file, logger).reserve()).toBe(2);
  });

  it("starts anew where the file cannot be read or written, and goes on", async () => {
    const broken = newFile();
    writeFileSync(broken, "no number");
    expect(await new BdSeq(broken, logger).reserve()).toBe(0);
    const nowhere = new BdSeq("/nonexistent/bdseq", logger);
    expect(await nowhere.reserve()).toBe(0);
    nowhere.used();
    expect(await nowhere.reserve()).toBe(1);
  });
});
