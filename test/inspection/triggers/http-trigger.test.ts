import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { request } from "node:http";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, describe, expect, test } from "vitest";
import { triggerSchema } from "../../../src/config/trigger-schema.ts";
import type { TriggerRequest } from "../../../src/domain/station-view.ts";
import { httpTriggerRoute, readTriggerTokens } from "../../../src/inspection/triggers/http-trigger.ts";
import { StatusServer } from "../../../src/system/http.ts";
import { createMetrics } from "../../../src/system/metrics.ts";
import { testLine } from "../line-fixture.ts";

const stops: (() => unknown)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});

/** A status server with cam1 (needs no token), cam2 (token "secret"), and a real line behind both. */
async function start() {
  const { line } = testLine();
  const asked: [string, TriggerRequest][] = [];
  const metrics = createMetrics({ rss: () => 1 });
  const route = httpTriggerRoute({
    tokens: new Map([
      ["cam1", null],
      ["cam2", "secret"],
    ]),
    trigger: (camera, wish) => {
      asked.push([camera, wish]);
      return line.trigger(wish);
    },
  });
  const server = new StatusServer({
    host: "127.0.0.1",
    port: 0,
    health: () => ({ healthy: true, reasons: [] }),
    registry: metrics.registry,
    routes: [route],
  });
  const port = await server.start();
  stops.push(metrics.close, () => server.stop());
  const address = `http://127.0.0.1:${port}`;
  const post = (path: string, body?: string, headers: Record<string, string> = {}) =>
    fetch(`${address}${path}`, { method: "POST", headers, ...(body !== undefined && { body }) });
  return { line, asked, port, address, post };
}

describe("POST /trigger/<camera>", () => {
  test("inspects one part and answers its result as MQTT tells it", async () => {
    const { line, post, asked } = await start();
    await line.load("/bundles/a", "a", { reject: 1, warn: null });
    const response = await post("/trigger/cam1", '{"trigger_id":"t7","part_id":"p9","tag":5}');
    expect([response.status, response.headers.get("content-type")]).toEqual([200, "application/json"]);
    expect(await response.json()).toMatchObject({
      verdict: "OK",
      action: "pass",
      trigger_id: "t7",
      part_id: "p9",
      tag: 5,
      model: { id: "a" },
    });
    expect(asked).toEqual([["cam1", { triggerId: "t7", partId: "p9", tag: 5 }]]);
  });

  test("needs no body, and gives the part a name", async () => {
    const { line, post } = await start();
    await line.load("/bundles/a", "a", { reject: 0.1, warn: null });
    expect(await (await post("/trigger/cam1")).json()).toMatchObject({ verdict: "NG", trigger_id: "cam1-1" });
  });

  test("is 503 with the verdict ERR while the station is not ready", async () => {
    const { post } = await start();
    const response = await post("/trigger/cam1", "{}");
    expect(response.status).toBe(503);
    expect(await response.json()).toMatchObject({ verdict: "ERR", action: "reject", reason: "not_ready" });
  });

  test("is 404 for another camera or path, 405 for another method, 403 from a browser's page", async () => {
    const { address, post, asked } = await start();
    for (const path of [
      "/trigger/cam3",
      "/trigger/",
      "/trigger/cam1/x",
      "/trigger/%63am1",
      "/trigger/constructor",
    ])
      expect([path, (await post(path, "{}")).status]).toEqual([path, 404]);
    const get = await fetch(`${address}/trigger/cam1`);
    expect([get.status, get.headers.get("allow")]).toEqual([405, "POST"]);
    expect((await post("/trigger/cam1", "{}", { origin: "http://evil.example" })).status).toBe(403);
    expect((await fetch(`${address}/healthz`)).status).toBe(200);
    expect(asked).toEqual([]);
  });

  test("is 401 without the camera's token, before the body is looked at", async () => {
    const { line, post, asked } = await start();
    await line.load("/bundles/a", "a", { reject: 1, warn: null });
    for (const authorization of [
      "",
      "Bearer",
      "Bearer wrong",
      "Basic secret",
      "Bearer secret2",
      "Bearer secre",
    ]) {
      const response = await post("/trigger/cam2", "not json", authorization === "" ? {} : { authorization });
      expect([authorization, response.status]).toEqual([authorization, 401]);
      expect(response.headers.get("www-authenticate")).toBe("Bearer");
    }
    expect(asked).toEqual([]);
    expect((await post("/trigger/cam2", "{}", { authorization: "Bearer secret" })).status).toBe(200);
  });

  test("is 413 for more than 1 kB, however it is sent, and the connection ends", async () => {
    const { post, port, asked } = await start();
    expect((await post("/trigger/cam1", `{"part_id":"${"x".repeat(2000)}"}`)).status).toBe(413);
    const status = await new Promise((resolve, reject) => {
      const endless = request({ port, method: "POST", path: "/trigger/cam1" }, (response) => {
        clearInterval(feed);
        expect(response.headers.connection).toBe("close");
        resolve(response.statusCode);
        endless.destroy();
      });
      const feed = setInterval(() => endless.write("x".repeat(300)), 1);
      endless.on("error", reject);
    });
    expect(status).toBe(413);
    expect(asked).toEqual([]);
  });

  test("is 400 with words for anything but a trigger, and no part", async () => {
    const { post, asked } = await start();
    for (const body of [
      "x",
      "[]",
      "null",
      "1",
      '{"camera":"cam1"}',
      '{"tag":70000}',
      '{"tag":"1"}',
      '{"part_id":""}',
      '{"missed":true}',
    ]) {
      const response = await post("/trigger/cam1", body);
      expect([body, response.status]).toEqual([body, 400]);
      expect(await response.json()).toMatchObject({ error: expect.stringMatching(/\w/) as unknown });
    }
    await fc.assert(
      fc.asyncProperty(fc.oneof(fc.string(), fc.json({ maxDepth: 2 })), async (body) => {
        const response = await post("/trigger/cam1", body);
        await response.arrayBuffer();
        expect([200, 400, 413, 503]).toContain(response.status);
      }),
      { seed: 1, numRuns: 300 },
    );
    expect(
      asked.every(([, wish]) =>
        Object.keys(wish).every((key) => ["partId", "triggerId", "tag"].includes(key)),
      ),
    ).toBe(true);
  });

  test("a caller that leaves amid its body costs nothing", async () => {
    const { port, address, asked } = await start();
    const caller = connect(port, "127.0.0.1");
    caller.write("POST /trigger/cam1 HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\n{");
    await new Promise((resolve) => caller.once("connect", resolve));
    caller.destroy();
    expect((await fetch(`${address}/healthz`)).status).toBe(200);
    expect(asked).toEqual([]);
  });
});

describe("tokens of triggers", () => {
  test("are read from their files, and refused with words", async () => {
    const dir = await mkdtemp(join(tmpdir(), "token-"));
    stops.push(() => rm(dir, { recursive: true }));
    await writeFile(join(dir, "good"), "s3cret\n");
    await writeFile(join(dir, "empty"), "\n");
    const camera = (file: string) => ({
      name: "cam1",
      trigger: triggerSchema.parse({ kind: "http", tokenFile: join(dir, file) }),
    });
    const http = { enabled: true };
    expect([...(await readTriggerTokens({ cameras: [camera("good")], http }))]).toEqual([["cam1", "s3cret"]]);
    await expect(readTriggerTokens({ cameras: [camera("none")], http })).rejects.toThrow(
      /trigger.tokenFile .*ENOENT/,
    );
    await expect(readTriggerTokens({ cameras: [camera("empty")], http })).rejects.toThrow(
      /must hold one word/,
    );
    await expect(
      readTriggerTokens({ cameras: [camera("good")], http: { enabled: false } }),
    ).rejects.toMatchObject({ code: "http-off" });
  });
});
