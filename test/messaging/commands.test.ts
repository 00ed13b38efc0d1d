import fc from "fast-check";
import { pino } from "pino";
import { describe, expect, it } from "vitest";
import { InputError } from "../../src/domain/errors.ts";
import type { Publication } from "../../src/messaging/client.ts";
import { Commands, type CommandAudit, type CommandHandlers } from "../../src/messaging/commands.ts";
import { commandParams } from "../../src/messaging/parse-command.ts";
import { COMMAND_NAMES, responseSchema, type CommandResponse } from "../../src/messaging/schemas/command.ts";
import { stationTopics } from "../../src/messaging/topics.ts";
import { echoHandlers, ROOT } from "./plant.ts";

function station(handlers: Partial<CommandHandlers> = {}, cameras: readonly string[] = ["cam1"]) {
  const calls: string[] = [];
  const sent: Publication[] = [];
  const audits: CommandAudit[] = [];
  const commands = new Commands({
    root: ROOT,
    topics: stationTopics(ROOT),
    cameras,
    handlers: { ...echoHandlers(calls), ...handlers },
    responsePrefixes: [`${ROOT}/rsp/`, "plant/answers/"],
    publish: (message) => {
      sent.push(message);
      return Promise.resolve();
    },
    audit: (entry) => audits.push(entry),
    logger: pino({ level: "silent" }),
    now: () => 1_760_000_000_000,
  });
  const send = async (
    name: string,
    payload: string | Buffer,
    packet: object = {},
  ): Promise<CommandResponse | null> => {
    const before = sent.length;
    await commands.receive({
      topic: `${ROOT}/cmd/${name}`,
      payload: Buffer.from(payload),
      retain: false,
      ...packet,
    });
    const answer = sent[before];
    return answer === undefined ? null : responseSchema.parse(JSON.parse(String(answer.payload)));
  };
  return { commands, send, sent, audits, calls };
}

describe("Commands", () => {
  it("does nothing for an empty payload: that is how a retained command is cleared", async () => {
    const { send } = station();
    expect((await send("trigger", ""))?.error?.code).toBe("empty");
  });

  it("takes {} as no parameters, and fills in the only camera", async () => {
    const { send } = station();
    expect(await send("trigger", "{}")).toMatchObject({
      status: "ok",
      transaction: null,
      data: { context: { camera: "cam1" } },
    });
  });

  it("asks which camera where there are two, and names them", async () => {
    const { send } = station({}, ["left", "right"]);
    const answer = await send("train.start", "{}");
    expect(answer?.error).toMatchObject({ code: "camera-needed" });
    expect(answer?.error?.message).toContain("left, right");
    expect((await send("train.start", '{"camera":"middle"}'))?.error?.code).toBe("unknown-camera");
    expect(await send("stop", "{}")).toMatchObject({ status: "ok", data: { context: { camera: null } } });
  });

  it.each([
    ["threshold.set", "{}", "bad-parameters", "reject is missing"],
    ["threshold.set", '{"reject":"high"}', "bad-parameters", 'reject is "high"'],
    ["threshold.set", '{"reject":1e999}', "bad-parameters", "reject"],
    ["model.promote", '{"id":"../../etc"}', "bad-parameters", "id is"],
    ["trigger", '{"speed":3}', "bad-parameters", "speed"],
    ["trigger", "[1]", "bad-json", "expected a JSON object"],
    ["trigger", "{", "bad-json", "no JSON"],
    ["trigger", '{"transaction":{}}', "bad-parameters", "transaction is {}"],
    ["trigger", '{"camera":"A/B"}', "bad-parameters", 'camera is "A/B"'],
  ])("answers %s %s with %s", async (name, payload, code, words) => {
    const { send, calls } = station();
    const answer = await send(name, payload);
    expect(answer).toMatchObject({ status: "error", error: { code } });
    expect(answer?.error?.message).toContain(words);
    expect(calls).toEqual([]);
  });

  it("refuses 64 KiB and one byte, takes 64 KiB", async () => {
    const { send } = station();
    const padded = (length: number): string => `{}${" ".repeat(length - 2)}`;
    expect(await send("trigger", padded(65_536))).toMatchObject({ status: "ok" });
    expect(await send("trigger", padded(65_537))).toMatchObject({
      status: "error",
      error: { code: "too-large" },
    });
  });

  it("drops retained commands and too long correlation data without an answer, and audits both", async () => {
    const { send, audits, calls } = station();
    expect(await send("stop", "{}", { retain: true })).toBeNull();
    expect(await send("stop", "{}", { properties: { correlationData: Buffer.alloc(65) } })).toBeNull();
    expect(audits.map(({ code }) => code)).toEqual(["retained", "correlation-too-long"]);
    expect(calls).toEqual([]);
  });

  it("answers on the caller's topic with his correlation and on its own, but never outside the allowed prefixes", async () => {
    const { send, sent, audits } = station();
    const correlationData = Buffer.from("c7");
    await send("trigger", "{}", { properties: { responseTopic: "plant/answers/7", correlationData } });
    expect(sent.map(({ topic, correlationData: data }) => [topic, data?.toString()])).toEqual([
      ["plant/answers/7", "c7"],
      [`${ROOT}/rsp/trigger`, "c7"],
    ]);
    sent.length = 0;
    await send("trigger", "{}", {
      properties: { responseTopic: "$SYS/evil", correlationData: Buffer.from("c8") },
    });
    expect(sent.map(({ topic }) => topic)).toEqual([`${ROOT}/rsp/trigger`]);
    expect(audits.at(-1)?.code).toBe("response-topic");
  });

  it("does a command that arrives twice once, and answers twice", async () => {
    const { send, sent, calls } = station();
    const both = await Promise.all([
      send("train.start", '{"transaction":"a"}'),
      send("train.start", '{"transaction":"a"}'),
    ]);
    expect(calls).toEqual(["train.start"]);
    expect(both[0]).toEqual(both[1]);
    expect(sent).toHaveLength(2);
    await send("train.start", '{"transaction":"b"}');
    await send("train.start", "{}");
    await send("train.start", "{}");
    expect(calls).toHaveLength(4);
  });

  it("passes on what a handler says: accepted with its job, a reasoned refusal, or an internal error", async () => {
    const { send, audits } = station({
      "train.start": () => Promise.resolve({ status: "accepted", jobId: "j1" }),
      "model.promote": () => Promise.reject(new InputError("no-such-bundle", "There is no bundle x.")),
      "model.rollback": () => Promise.reject(new TypeError("oops")),
    });
    expect(await send("train.start", "{}")).toMatchObject({ status: "accepted", job_id: "j1" });
    expect(await send("model.promote", '{"id":"x"}')).toMatchObject({
      error: { code: "no-such-bundle", message: "There is no bundle x." },
    });
    expect(await send("model.rollback", "{}")).toMatchObject({ error: { code: "internal" } });
    expect(audits.map(({ kind }) => kind)).toEqual(["command.done", "command.refused", "command.failed"]);
  });

  it("drops what has expired, by MQTT 5's expiry or by its own word, and audits it", async () => {
    const { send, audits, calls } = station();
    expect(await send("stop", "{}", { properties: { messageExpiryInterval: 0 } })).toBeNull();
    const expires = (ms: number): string =>
      JSON.stringify({ expires: new Date(1_760_000_000_000 + ms).toISOString() });
    expect(await send("stop", expires(-1))).toBeNull();
    expect(audits.map(({ code }) => code)).toEqual(["expired", "expired"]);
    expect(calls).toEqual([]);
    expect(await send("stop", expires(0))).toMatchObject({ status: "ok" });
  });

  it("keeps the transaction in the answer when another of the common fields is wrong", async () => {
    const { send } = station();
    expect(await send("stop", '{"transaction":5,"by":""}')).toMatchObject({
      transaction: 5,
      error: { code: "bad-parameters" },
    });
    expect((await send("stop", '{"transaction":5,"expires":"tomorrow"}'))?.transaction).toBe(5);
  });

  it("refuses what is nested deeper than any command, without walking it", async () => {
    const { send } = station();
    for (const text of ["[".repeat(30_000), `{"a":${"[".repeat(30_000)}${"]".repeat(30_000)}}`]) {
      expect((await send("config.set", text))?.error?.code).toBe("bad-json");
    }
    expect(await send("trigger", JSON.stringify({ part_id: "[[[[[[[[[[[[[[[[[[[[" }))).toMatchObject({
      status: "ok",
    });
  });

  it("audits who changed what, with the old and the new value, and nothing for a trigger", async () => {
    const { send, audits } = station({
      "threshold.set": () =>
        Promise.resolve({ status: "ok", change: { old: { reject: 0.5 }, new: { reject: 0.4 } } }),
    });
    await send("threshold.set", '{"reject":0.4,"by":"anna","transaction":1}');
    await send("bypass", '{"on":true,"key":"secret-key","transaction":2}');
    await send("trigger", "{}");
    expect(audits).toHaveLength(2);
    expect(audits[0]).toMatchObject({
      kind: "command.done",
      by: "anna",
      camera: "cam1",
      params: { reject: 0.4 },
      change: { old: { reject: 0.5 }, new: { reject: 0.4 } },
    });
    expect(JSON.stringify(audits)).not.toContain("secret-key");
  });

  it("shows no value of a field that may be secret, even where it is wrong", async () => {
    const { send, audits } = station();
    const secrets = [8154711, "0815".repeat(20)];
    const answers = [
      ...(await Promise.all(secrets.map((key) => send("bypass", JSON.stringify({ on: true, key }))))),
      await send("config.set", '{"changes":[{"key":"broker.password","value":"0815","colour":1}]}'),
    ];
    expect(answers.map((answer) => answer?.error?.code)).toEqual(answers.map(() => "bad-parameters"));
    expect(answers[0]?.error?.message).toMatch(/^key: /);
    expect(JSON.stringify([answers, audits])).not.toContain("0815");
    expect(JSON.stringify([answers, audits])).not.toContain("8154711");
  });

  it("does not remember a refusal that a second try may better", async () => {
    let free = 0;
    const { send, calls } = station({
      backup: () => {
        free += 1;
        return free === 1
          ? Promise.reject(new InputError("starting", "not yet"))
          : Promise.resolve({ status: "ok" });
      },
    });
    expect((await send("backup", '{"transaction":"x"}'))?.error?.code).toBe("starting");
    expect(await send("backup", '{"transaction":"x"}')).toMatchObject({ status: "ok" });
    expect(await send("backup", '{"transaction":"x"}')).toMatchObject({ status: "ok" });
    expect(free).toBe(2);
    expect(calls).toEqual([]);
  });

  it("takes no more changes than can be audited, but every trigger", async () => {
    const { send } = station();
    const codes: (string | undefined)[] = [];
    for (let at = 0; at < 200; at += 1) codes.push((await send("stop", "{}"))?.error?.code);
    expect(codes.slice(0, 50).every((code) => code === undefined)).toBe(true);
    expect(codes.filter((code) => code === "too-many").length).toBeGreaterThan(100);
    expect(await send("trigger", "{}")).toMatchObject({ status: "ok" });
  });

  it("takes names as names only, never as paths (20,000, promises.md S3)", () => {
    const path = fc.constantFrom(
      "..",
      "../..",
      "a/../b",
      "%2e%2e",
      "con",
      "a\0b",
      "a\\b",
      "\u202etxt",
      "-",
      ".",
      "~",
      "a b",
      "é",
    );
    const text = fc.oneof(
      fc.string(),
      fc.string({ unit: "binary" }),
      path,
      fc.tuple(path, path).map((two) => two.join("/")),
    );
    fc.assert(
      fc.property(text, (recipe) => {
        const taken = ((): string | number | null => {
          try {
            return commandParams("recipe.select", { recipe }).recipe;
          } catch (error) {
            expect(error).toBeInstanceOf(InputError);
            return null;
          }
        })();
        expect(taken === null || /^[a-z0-9][a-z0-9_-]{0,63}$/.test(String(taken))).toBe(true);
      }),
      { numRuns: 20_000, seed: 1 },
    );
  });

  it("answers whatever arrives, and never throws (100,000 payloads, promises.md S1)", async () => {
    const { send } = station();
    const name = fc.oneof(
      fc.constantFrom(...COMMAND_NAMES),
      fc.string({ maxLength: 80 }),
      fc.constantFrom("", "a/b", "__proto__", "constructor"),
    );
    const field = fc.oneof(
      fc.constantFrom(
        "camera",
        "count",
        "id",
        "reject",
        "warn",
        "transaction",
        "by",
        "expires",
        "recipe",
        "changes",
        "from",
        "to",
        "on",
        "__proto__",
        "toString",
      ),
      fc.string(),
    );
    const object = fc
      .dictionary(field, fc.oneof(fc.jsonValue(), fc.constantFrom("cam1", 1, -1, null)))
      .map((value) => JSON.stringify(value));
    const bytes = fc.uint8Array({ maxLength: 300 }).map((value) => Buffer.from(value));
    const payload = fc.oneof(object, fc.json(), fc.string(), bytes);
    await fc.assert(
      fc.asyncProperty(name, payload, async (command, text) => {
        const answer = await send(command, text);
        if (answer === null) return; // expired
        expect(["ok", "error"]).toContain(answer.status);
        if (answer.status === "error") expect(answer.error?.message).not.toBe("");
        expect(answer.error?.code).not.toBe("internal");
      }),
      { numRuns: 100_000, seed: 1, interruptAfterTimeLimit: 25_000 },
    );
  }, 120_000);
});
