import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { MessageSecurityMode, OPCUAClient, UserTokenType } from "node-opcua-client";
import { OPCUACertificateManager } from "node-opcua-certificate-manager";
import { pino } from "pino";
import { afterEach, describe, expect, it, vi } from "vitest";
import { opcuaSchema } from "../../src/config/opcua-schema.ts";
import { OpcuaService, type OpcuaStatus } from "../../src/opcua/service.ts";
import { until } from "./client.ts";
import { FakeStation, inspectionOf } from "./fake-station.ts";

vi.setConfig({ testTimeout: 60_000 }); // guards against a hang, no promise of speed

const started: OpcuaService[] = [];
const stateDir = mkdtempSync(join(tmpdir(), "assayd-opcua-service-"));

afterEach(async () => {
  await Promise.all(started.splice(0).map((service) => service.stop()));
  rmSync(stateDir, { recursive: true, force: true });
});

function startedWith(entry: string | null, config: object = {}) {
  const states: OpcuaStatus[] = [];
  const warnings: string[] = [];
  const station = new FakeStation();
  const service = new OpcuaService({
    config: opcuaSchema.parse({ enabled: true, port: 0, ...config }),
    stateDir,
    view: station.view,
    actions: station,
    logger: pino({ level: "warn" }, { write: (line: string) => warnings.push(line) }),
    now: () => performance.now(),
    restart: { firstMs: 1, maxMs: 2 },
    beatMs: 20,
    onState: (status) => states.push(status),
    ...(entry !== null && { entry: new URL(entry, import.meta.url) }),
  });
  started.push(service);
  void service.start();
  return { service, states, warnings };
}

describe("OpcuaService", () => {
  it("says what to install where the optional package is not there, once, and the station goes on", async () => {
    const { service, warnings } = startedWith("./no-package-process-fixture.ts");
    await until(() => service.status.state === "not-installed");
    await until(() => service.status.pid === null);
    service.inspected(inspectionOf({}));
    service.lineChanged();
    service.acquired("cam1", "t");
    expect(service.status).toMatchObject({ state: "not-installed", restarts: 0, dropped: 0 });
    expect(service.status.detail).toMatch(/npm install --include=optional.*opcua\.enabled: false/);
    expect(warnings).toHaveLength(1);
  });

  it("leaves a server alone that dies five times in a minute", async () => {
    const { service, states } = startedWith("./dying-process-fixture.ts");
    await until(() => service.status.state === "given-up");
    expect(states.map(({ state }) => state)).toEqual([
      ...Array.from({ length: 4 }, () => ["starting", "restarting"]).flat(),
      "starting",
      "given-up",
    ]);
    expect(service.status).toMatchObject({ restarts: 4, pid: null });
    expect(service.status.detail).toMatch(/code 7; 5 times in a minute/);
    service.inspected(inspectionOf({}));
  });

  it("kills a server that hangs and starts another", async () => {
    const { service, states } = startedWith("./silent-process-fixture.ts");
    await until(() => states.filter(({ state }) => state === "listening").length >= 2);
    expect(states.find(({ state }) => state === "restarting")?.detail).toBe("it hung");
    expect(service.status.restarts).toBeGreaterThanOrEqual(1);
  });

  it("offers no unencrypted endpoint beyond loopback", async () => {
    const { service } = startedWith(null, { host: "0.0.0.0", users: { anonymous: "none" } });
    await until(() => service.status.state === "listening");
    const port = /:(\d+)/.exec(service.status.detail.replace("opc.tcp:", ""))?.[1];
    const certificates = new OPCUACertificateManager({ rootFolder: join(stateDir, "client") });
    const client = OPCUAClient.create({ clientCertificateManager: certificates, endpointMustExist: false });
    try {
      await client.connect(`opc.tcp://127.0.0.1:${port ?? ""}`); // discovery itself is not encrypted
      const endpoints = await client.getEndpoints();
      expect(endpoints.map(({ securityMode }) => securityMode)).toEqual([MessageSecurityMode.SignAndEncrypt]);
      const tokens = endpoints.flatMap(({ userIdentityTokens }) => userIdentityTokens ?? []);
      expect(tokens.map(({ tokenType }) => tokenType)).not.toContain(UserTokenType.Anonymous);
      expect(tokens.map(({ tokenType }) => tokenType)).toContain(UserTokenType.UserName);
      await expect(client.createSession()).rejects.toThrow();
    } finally {
      await client.disconnect();
      await certificates.dispose();
    }
  });

  it("says that the port is taken", async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
    try {
      const { port } = other.address() as { port: number };
      const { service, states } = startedWith(null, { port });
      await until(() => states.some(({ state }) => state === "restarting"));
      expect(states.find(({ state }) => state === "restarting")?.detail).toMatch(
        /EADDRINUSE|already|in use/i,
      );
      await service.stop();
    } finally {
      other.close();
    }
  });
});

describe("opcuaSchema", () => {
  it("is off and on loopback unless told otherwise, and refuses unknown keys", () => {
    expect(opcuaSchema.parse({})).toEqual({
      enabled: false,
      host: "127.0.0.1",
      port: 4840,
      security: { unencrypted: "loopback", clients: "listed" },
      users: { anonymous: "read", file: null },
      results: 100,
      maxSessions: 20,
    });
    expect(opcuaSchema.safeParse({ hots: "x" }).success).toBe(false);
  });
});
