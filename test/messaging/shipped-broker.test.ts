import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connectAsync, type IClientOptions, type MqttClient } from "mqtt";
import { beforeAll, describe, expect, it, onTestFinished } from "vitest";
import type { BrokerConfig } from "../../src/config/schema.ts";
import { CertificateAuthority } from "./certificates.ts";
import { hasMosquitto, Mosquitto } from "./mosquitto.ts";
import { CONTEXT, inspectionOf, openMessenger, until } from "./plant.ts";

const shipped = (name: string): string =>
  readFileSync(join(import.meta.dirname, "../../config/mosquitto", name), "utf8");
const ROOT = "assay/v1/station1";

/** The shipped settings in a folder of this machine and on a free port; nothing else is changed. */
function settings(own: string, certificates: string): readonly string[] {
  writeFileSync(join(own, "acl"), shipped("acl"));
  execFileSync("chmod", ["-R", "a+rwX", own]);
  const moved = shipped("mosquitto.conf")
    .replace("/etc/mosquitto/assayd/acl", join(own, "acl"))
    .replace("/var/lib/mosquitto/", `${own}/`)
    .replaceAll("/etc/mosquitto/assayd", certificates);
  const [general, listener] = moved.split(/^listener 8883$/m);
  const options = (listener ?? "").split("\n");
  return [...options, ...(general ?? "").split("\n")];
}

// promises.md S8: another client can read results and cannot write cmd/#
describe.skipIf(!hasMosquitto)("the shipped mosquitto.conf and acl", () => {
  const folder = mkdtempSync(join(tmpdir(), "assayd-shipped-"));
  let broker: Mosquitto;

  beforeAll(async () => {
    const ca = new CertificateAuthority(folder, "ca");
    ca.server("server", { names: "IP:127.0.0.1" });
    for (const user of ["station1", "station2", "viewer", "scada", "stranger"]) ca.client(user);
    broker = await Mosquitto.start((own) => settings(own, folder));
    return () => broker.stop();
  }, 60_000);

  async function client(user: string): Promise<{ client: MqttClient; got: [string, string][] }> {
    const options: IClientOptions = {
      protocolVersion: 5,
      reconnectPeriod: 0,
      ca: readFileSync(join(folder, "ca.crt")),
      cert: readFileSync(join(folder, `${user}.crt`)),
      key: readFileSync(join(folder, `${user}.key`)),
    };
    const connection = await connectAsync(`mqtts://127.0.0.1:${broker.port}`, options);
    onTestFinished(() => connection.endAsync(true).catch(() => undefined));
    const got: [string, string][] = [];
    connection.on("message", (topic, payload) => got.push([topic, payload.toString()]));
    connection.on("error", () => undefined);
    return { client: connection, got };
  }

  /** The broker's word on a publication: 0 or a reason code of 128 and more. */
  async function publish(from: MqttClient, topic: string): Promise<string> {
    try {
      await from.publishAsync(topic, "{}", { qos: 1 });
      return "taken";
    } catch (error) {
      return (error as Error).message;
    }
  }

  it("let a station with its certificate publish, and hear the commands of SCADA", async () => {
    const config: BrokerConfig = {
      kind: "external",
      url: `mqtts://127.0.0.1:${broker.port}`,
      protocolVersion: 5,
      keepaliveS: 10,
      caFile: join(folder, "ca.crt"),
      certFile: join(folder, "station1.crt"),
      keyFile: join(folder, "station1.key"),
    };
    const viewer = await client("viewer");
    await viewer.client.subscribeAsync(`${ROOT}/#`, { qos: 1 });
    const scada = await client("scada");
    await scada.client.subscribeAsync(`${ROOT}/rsp/#`, { qos: 1 });
    const messenger = await openMessenger(config, { station: "station1", root: ROOT });
    onTestFinished(() => messenger.stop());
    await messenger.start();
    await until("connected", () => messenger.connected);
    messenger.deliver(inspectionOf(1), CONTEXT, null);
    await until("a result for the viewer", () =>
      viewer.got.some(([topic]) => topic === `${ROOT}/cam/cam1/result`),
    );
    expect(await publish(scada.client, `${ROOT}/cmd/trigger`)).toBe("taken");
    await until("an answer for SCADA", () => scada.got.some(([topic]) => topic === `${ROOT}/rsp/trigger`));
    expect(viewer.got.some(([topic]) => topic.startsWith(`${ROOT}/cmd/`))).toBe(false);
  }, 30_000);

  it.each([
    ["viewer", `${ROOT}/cmd/stop`],
    ["viewer", `${ROOT}/cam/cam1/result`],
    ["viewer", "spBv1.0/plant/NCMD/station1"],
    ["scada", `${ROOT}/cam/cam1/result`],
    ["station2", `${ROOT}/cmd/stop`],
    ["station2", `${ROOT}/state`],
    ["stranger", `${ROOT}/cmd/stop`],
  ])("do not let %s write %s", async (user, topic) => {
    const { client: connection } = await client(user);
    expect(await publish(connection, topic)).toMatch(/not authorized/i);
  });

  it("show a stranger nothing", async () => {
    const { client: connection, got } = await client("stranger");
    await connection.subscribeAsync("assay/#", { qos: 1 });
    const scada = await client("scada");
    await scada.client.publishAsync(`${ROOT}/cmd/republish`, "{}", { qos: 1 });
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(got).toEqual([]);
  });

  it("let nobody in without a certificate of the plant", async () => {
    const options = { reconnectPeriod: 0, ca: readFileSync(join(folder, "ca.crt")) };
    await expect(connectAsync(`mqtts://127.0.0.1:${broker.port}`, options)).rejects.toThrow();
  });
});
