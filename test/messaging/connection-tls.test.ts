import { once } from "node:events";
import { mkdtempSync, readFileSync } from "node:fs";
import { connect, createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createServer as createTlsServer } from "node:tls";
import { beforeAll, describe, expect, it, onTestFinished } from "vitest";
import type { BrokerConfig } from "../../src/config/schema.ts";
import { CertificateAuthority } from "./certificates.ts";
import { hasMosquitto, Mosquitto } from "./mosquitto.ts";
import { CONTEXT, inspectionOf, openMessenger, until } from "./plant.ts";

type External = Extract<BrokerConfig, { kind: "external" }>;
type Fault = { readonly code: string; readonly text: string } | null;

// promises.md S7: wrong CA, expired, wrong name, no client certificate, TLS 1.1: refused, and never plain text again
describe.skipIf(!hasMosquitto)("TLS", () => {
  const folder = mkdtempSync(join(tmpdir(), "assayd-tls-"));
  const file = (name: string): string => join(folder, name);

  beforeAll(() => {
    const ca = new CertificateAuthority(folder, "ca");
    const other = new CertificateAuthority(folder, "other");
    ca.server("good", { names: "IP:127.0.0.1" });
    ca.server("expired", { names: "IP:127.0.0.1", expired: true });
    ca.server("elsewhere", { names: "DNS:broker.example" });
    other.server("foreign", { names: "IP:127.0.0.1" });
    ca.client("station");
    ca.client("old-station", { expired: true });
    other.client("intruder");
  }, 60_000);

  async function broker(server: string, ...lines: readonly string[]): Promise<Mosquitto> {
    const started = await Mosquitto.start(() => [
      "allow_anonymous true",
      `cafile ${file("ca.crt")}`,
      `certfile ${file(`${server}.crt`)}`,
      `keyfile ${file(`${server}.key`)}`,
      ...lines,
    ]);
    onTestFinished(() => started.stop());
    return started;
  }

  async function station(port: number, changes: Partial<External> = {}) {
    const faults: Fault[] = [];
    const config: BrokerConfig = {
      kind: "external",
      url: `mqtts://127.0.0.1:${port}`,
      protocolVersion: 5,
      keepaliveS: 10,
      caFile: file("ca.crt"),
      ...changes,
    };
    const messenger = await openMessenger(config, {
      onFault: (source, fault) => {
        if (source === "mqtt") faults.push(fault);
      },
    });
    onTestFinished(() => messenger.stop());
    await messenger.start();
    return { messenger, faults };
  }

  it.each(["tlsv1.2", "tlsv1.3"])(
    "publishes over %s",
    async (version) => {
      const { port } = await broker("good", `tls_version ${version}`);
      const { messenger, faults } = await station(port);
      messenger.deliver(inspectionOf(1), CONTEXT, null);
      await until("published", () => messenger.stats.published === 1);
      expect(faults).toEqual([]);
    },
    20_000,
  );

  it.each([
    ["expired", "expired"],
    ["elsewhere", "another name"],
    ["foreign", "caFile"],
  ])(
    "refuses a broker whose certificate is %s, in words, and sends it no byte of MQTT",
    async (server, words) => {
      const { port } = await broker(server);
      const { url, firstBytes } = await listeningProxy(port);
      const { messenger, faults } = await station(0, { url });
      await until("fault", () => faults.length > 0);
      expect(faults[0]?.code).toBe("mqtt-tls");
      expect(faults[0]?.text).toContain(words);
      expect(messenger.connected).toBe(false);
      expect(firstBytes.every((byte) => byte === 0x16)).toBe(true); // TLS handshake record, RFC 8446 §5.1
      expect(firstBytes.length).toBeGreaterThan(0);
    },
    20_000,
  );

  it("shows its client certificate where the broker wants one", async () => {
    const { port } = await broker("good", "require_certificate true");
    const files = { certFile: file("station.crt"), keyFile: file("station.key") };
    const { messenger } = await station(port, files);
    await until("connected", () => messenger.connected);
    expect(messenger.connected).toBe(true);
  }, 20_000);

  it.each([
    ["none", {}],
    ["an expired one", { certFile: "old-station.crt", keyFile: "old-station.key" }],
    ["one of another CA", { certFile: "intruder.crt", keyFile: "intruder.key" }],
  ])(
    "is refused with %s there, and says that it is about certificates",
    async (_which, files) => {
      const { port } = await broker("good", "require_certificate true");
      const own = Object.fromEntries(Object.entries(files).map(([key, name]) => [key, file(name)]));
      const { messenger, faults } = await station(port, own);
      await until("fault", () => faults.length > 0);
      expect(faults[0]?.code).toBe("mqtt-tls");
      expect(faults[0]?.text).toMatch(/certificate/);
      expect(messenger.connected).toBe(false);
    },
    20_000,
  );

  it("does not speak TLS 1.1", async () => {
    const server = createTlsServer({
      cert: readFileSync(file("good.crt")),
      key: readFileSync(file("good.key")),
      minVersion: "TLSv1",
      maxVersion: "TLSv1.1",
      ciphers: "DEFAULT@SECLEVEL=0",
    });
    let handshakes = 0;
    server.on("secureConnection", () => (handshakes += 1));
    server.on("tlsClientError", () => undefined);
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    onTestFinished(() => void server.close());
    const { faults } = await station((server.address() as AddressInfo).port);
    await until("fault", () => faults.length > 0);
    expect(faults[0]?.code).toBe("mqtt-tls");
    expect(handshakes).toBe(0);
  }, 20_000);
});

/** Passes everything on, and keeps the first byte of each connection. */
async function listeningProxy(port: number): Promise<{ url: string; firstBytes: number[] }> {
  const firstBytes: number[] = [];
  const server = createServer((inbound) => {
    const outbound = connect(port, "127.0.0.1");
    inbound.once("data", (data) => firstBytes.push(data[0] ?? -1));
    inbound.pipe(outbound).pipe(inbound);
    for (const socket of [inbound, outbound]) {
      socket.on("error", () => undefined);
      socket.on("close", () => {
        inbound.destroy();
        outbound.destroy();
      });
    }
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => void server.close());
  return { url: `mqtts://127.0.0.1:${(server.address() as AddressInfo).port}`, firstBytes };
}
