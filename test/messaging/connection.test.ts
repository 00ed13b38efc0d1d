import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, writeFileSync } from "node:fs";
import { connect, createServer, type AddressInfo, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, describe, expect, it, onTestFinished } from "vitest";
import type { BrokerConfig } from "../../src/config/schema.ts";
import { freePort, hasMosquitto, Mosquitto } from "./mosquitto.ts";
import { CONTEXT, inspectionOf, openMessenger, Subscriber, until } from "./plant.ts";

type Fault = { readonly code: string; readonly text: string } | null;

const folder = mkdtempSync(join(tmpdir(), "assayd-ca-"));
const file = (name: string): string => join(folder, name);

function openssl(...args: string[]): void {
  execFileSync("openssl", args, { cwd: folder, stdio: "ignore" });
}

function makeCa(name: string): void {
  openssl(
    "req",
    "-x509",
    "-newkey",
    "rsa:2048",
    "-nodes",
    "-keyout",
    `${name}.key`,
    "-out",
    `${name}.crt`,
    "-days",
    "2",
    "-subj",
    `/CN=${name}`,
  );
}

function makeServerCertificate(): void {
  writeFileSync(file("ext"), "subjectAltName=IP:127.0.0.1");
  openssl(
    "req",
    "-newkey",
    "rsa:2048",
    "-nodes",
    "-keyout",
    "server.key",
    "-out",
    "server.csr",
    "-subj",
    "/CN=broker",
  );
  openssl(
    "x509",
    "-req",
    "-in",
    "server.csr",
    "-CA",
    "ca.crt",
    "-CAkey",
    "ca.key",
    "-CAcreateserial",
    "-days",
    "2",
    "-extfile",
    "ext",
    "-out",
    "server.crt",
  );
}

/** A messenger that is started, and the faults it told of. */
async function station(broker: Partial<Extract<BrokerConfig, { kind: "external" }>> & { url: string }) {
  const faults: Fault[] = [];
  const config: BrokerConfig = { kind: "external", protocolVersion: 5, keepaliveS: 10, ...broker };
  const messenger = await openMessenger(config, {
    onFault: (source, fault) => {
      if (source === "mqtt") faults.push(fault);
    },
  });
  onTestFinished(() => messenger.stop());
  await messenger.start();
  return { messenger, faults };
}

describe.skipIf(!hasMosquitto)("the connection to a mosquitto with password and TLS", () => {
  let secured: Mosquitto;

  beforeAll(async () => {
    makeCa("ca");
    makeCa("other");
    makeServerCertificate();
    execFileSync("chmod", ["-R", "a+rX", folder]);
    secured = await Mosquitto.start((own) => {
      execFileSync("mosquitto_passwd", ["-b", "-c", join(own, "passwords"), "assayd", "right"]);
      execFileSync("chmod", ["-R", "a+rX", own]);
      return [
        "allow_anonymous false",
        `password_file ${join(own, "passwords")}`,
        `cafile ${file("ca.crt")}`,
        `certfile ${file("server.crt")}`,
        `keyfile ${file("server.key")}`,
      ];
    });
    writeFileSync(file("password"), "right\n");
    writeFileSync(file("wrong"), "wrong\n");
    return () => secured.stop();
  });

  const url = (): string => `mqtts://127.0.0.1:${secured.port}`;
  const right = (): object => ({
    username: "assayd",
    passwordFile: file("password"),
    caFile: file("ca.crt"),
  });

  it("publishes with the right CA and password, on MQTT 5 and 3.1.1", async () => {
    for (const protocolVersion of [5, 4] as const) {
      const { messenger, faults } = await station({ url: url(), ...right(), protocolVersion });
      messenger.deliver(inspectionOf(1), CONTEXT, null);
      await until("published", () => messenger.stats.published === 1);
      expect(faults).toEqual([]);
    }
  }, 15_000);

  it("says that the password is wrong, naming user and remedy, and keeps the results", async () => {
    const { messenger, faults } = await station({ url: url(), ...right(), passwordFile: file("wrong") });
    messenger.deliver(inspectionOf(1), CONTEXT, null);
    await until("fault", () => faults.length === 1);
    expect(faults[0]?.code).toBe("mqtt-auth");
    expect(faults[0]?.text).toMatch(/user "assayd".*broker\.passwordFile/);
    await messenger.store.flush(2000);
    expect(messenger.stats).toMatchObject({ connected: false, queued: 1 });
  }, 15_000);

  it("refuses a broker that another CA signed, and never goes on in plain text", async () => {
    const { messenger, faults } = await station({ url: url(), ...right(), caFile: file("other.crt") });
    await until("fault", () => faults.length === 1);
    expect(faults[0]?.code).toBe("mqtt-tls");
    expect(faults[0]?.text).toContain("broker.caFile");
    expect(messenger.connected).toBe(false);
  }, 15_000);

  it("names a certificate file that is not there", async () => {
    const { faults } = await station({ url: url(), ...right(), caFile: file("absent.crt") });
    await until("fault", () => faults.length === 1);
    expect(faults[0]?.code).toBe("mqtt-file");
    expect(faults[0]?.text).toContain("absent.crt");
  }, 15_000);

  it("takes the password from systemd's credentials", async () => {
    const credentials = mkdtempSync(join(tmpdir(), "assayd-credentials-"));
    writeFileSync(join(credentials, "mqtt-password"), "right");
    const config: BrokerConfig = {
      kind: "external",
      url: url(),
      username: "assayd",
      caFile: file("ca.crt"),
      protocolVersion: 5,
      keepaliveS: 10,
    };
    const messenger = await openMessenger(config, { credentialsDirectory: credentials });
    onTestFinished(() => messenger.stop());
    await messenger.start();
    await until("connected", () => messenger.connected);
    expect(messenger.connected).toBe(true);
  }, 15_000);
});

/** A TCP proxy that can swallow everything or cut. */
async function proxyTo(port: number) {
  const sockets = new Set<Socket>();
  let swallow = false;
  const server = createServer((inbound) => {
    const outbound = connect(port, "127.0.0.1");
    for (const [from, to] of [
      [inbound, outbound],
      [outbound, inbound],
    ] as const) {
      sockets.add(from);
      from.on("data", (data) => {
        if (!swallow) to.write(data);
      });
      from.on("error", () => undefined);
      from.on("close", () => {
        if (!swallow) to.destroy();
      });
    }
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const cut = (): void => {
    for (const socket of sockets) socket.destroy();
    sockets.clear();
  };
  onTestFinished(() => {
    cut();
    server.close();
  });
  const blackHole = (on: boolean): void => {
    swallow = on;
  };
  return { url: `mqtt://127.0.0.1:${(server.address() as AddressInfo).port}`, cut, blackHole };
}

describe.skipIf(!hasMosquitto)("a connection that breaks", () => {
  it("leaves the will, and is born again", async () => {
    const broker = await Mosquitto.start();
    onTestFinished(() => broker.stop());
    const proxy = await proxyTo(broker.port);
    const { messenger } = await station({ url: proxy.url });
    const plant = await Subscriber.to(broker.url);
    onTestFinished(() => plant.end());
    await until("birth", () => plant.json("state").at(-1)?.state === "online");
    proxy.cut();
    await until("offline", () => plant.json("state").some(({ state }) => state === "offline"));
    await until("online again", () => plant.json("state").at(-1)?.state === "online" && messenger.connected);
    expect(plant.json("state").map(({ state }) => state)).toEqual(["online", "offline", "online"]);
  }, 15_000);

  it("is given up within 1.5 keep-alive times when nothing comes back", async () => {
    const broker = await Mosquitto.start();
    onTestFinished(() => broker.stop());
    const proxy = await proxyTo(broker.port);
    const { messenger, faults } = await station({ url: proxy.url, keepaliveS: 1 });
    await until("connected", () => messenger.connected);
    const startedAt = performance.now();
    proxy.blackHole(true);
    await until("noticed", () => !messenger.connected);
    expect(performance.now() - startedAt).toBeLessThan(1.5 * 1000 + 700);
    expect(faults.at(-1)?.code).toBe("mqtt-unreachable");
  }, 15_000);

  it("tells of a broker that is not there, once", async () => {
    const { faults } = await station({ url: `mqtt://127.0.0.1:${await freePort()}` });
    await until("fault", () => faults.length === 1);
    await new Promise((resolve) => setTimeout(resolve, 1200));
    expect(faults.map((fault) => fault?.code)).toEqual(["mqtt-unreachable"]);
  }, 15_000);
});
