import { parentPort } from "../../src/system/children.ts";
import type { FromServer, ToServer } from "../../src/opcua/protocol.ts";

/** A server that says it listens and then works nothing off. */
const send = parentPort<ToServer, FromServer>(
  () => undefined,
  () => process.exit(),
);
send({ type: "listening", urls: ["opc.tcp://nowhere"] });
