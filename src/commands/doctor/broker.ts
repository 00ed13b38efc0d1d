import { createServer } from "node:net";
import type { BrokerConfig } from "../../config/schema.ts";
import { BrokerClient } from "../../messaging/client.ts";
import type { ConnectionFault } from "../../messaging/connection-fault.ts";
import { failed, ok, type Check, type Finding, type Patient } from "./check.ts";

const CONNECT_MS = 12_000;

/** Is the broker there, and does it take the password; for the embedded one: is its port free. */
export function brokerChecks(patient: Patient): readonly Check[] {
  const { broker } = patient.config;
  return [
    {
      name: "broker",
      find: () =>
        broker.kind === "embedded" ? portFree(broker.host, broker.port) : connects(broker, patient),
    },
  ];
}

function portFree(host: string, port: number): Promise<Finding> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", (error) => {
      const message = `the embedded broker cannot have ${host}:${port} (${error.message})`;
      resolve(
        failed(
          message,
          "stop what listens there (another station, mosquitto?), choose another broker.port, or use that broker as external",
        ),
      );
    });
    server.listen(port, host, () => {
      server.close(() => {
        resolve(ok(`embedded; ${host}:${port} is free`));
      });
    });
  });
}

async function connects(
  broker: Extract<BrokerConfig, { kind: "external" }>,
  patient: Patient,
): Promise<Finding> {
  const { promise, resolve } = Promise.withResolvers<ConnectionFault | "connected" | "late">();
  const client = new BrokerClient({
    broker,
    identity: {
      clientId: `assayd-doctor-${process.pid}`,
      will: { topic: `assayd-doctor/${process.pid}`, payload: "" },
      credentialsDirectory: patient.env.CREDENTIALS_DIRECTORY ?? null,
    },
    logger: patient.logger,
    now: () => Date.now(),
    onConnect: () => {
      resolve("connected");
    },
    onDisconnect: () => undefined,
    onMessage: () => undefined,
    onFault: (fault) => {
      if (fault !== null) resolve(fault);
    },
  });
  const timer = setTimeout(() => {
    resolve("late");
  }, CONNECT_MS);
  client.start();
  const answer = await promise;
  clearTimeout(timer);
  await client.stop();
  if (answer === "connected") return ok(`${broker.url} takes the connection`);
  if (answer === "late")
    return failed(
      `${broker.url} does not answer within ${CONNECT_MS / 1000} s`,
      "check broker.url, cable and firewall",
    );
  return failed(answer.text, "correct the section broker of the configuration");
}
