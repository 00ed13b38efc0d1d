import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Server, type Socket } from "node:net";

/** One MQTT control packet that a client sent (MQTT 5.0 §2.1). */
export interface SentPacket {
  readonly kind: "CONNECT" | "PUBLISH" | "SUBSCRIBE" | "DISCONNECT" | "other";
  readonly qos: number;
  readonly retain: boolean;
  readonly body: Buffer;
}

const KINDS = new Map([
  [1, "CONNECT"],
  [3, "PUBLISH"],
  [8, "SUBSCRIBE"],
  [14, "DISCONNECT"],
] as const);

/** Stands between a client and a broker, and keeps what the client sends: only so are CONNECT and DISCONNECT seen. */
export class MqttTap {
  readonly packets: SentPacket[] = [];
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor(brokerPort: number) {
    this.#server = createServer((client) => {
      const broker = connect(brokerPort, "127.0.0.1");
      let rest = Buffer.alloc(0);
      client.on("data", (bytes) => {
        rest = this.#split(Buffer.concat([rest, bytes]));
      });
      client.pipe(broker).pipe(client);
      for (const socket of [client, broker]) {
        this.#sockets.add(socket);
        socket.on("error", () => undefined);
        socket.on("close", () => {
          client.destroy();
          broker.destroy();
        });
      }
    });
  }

  static async to(brokerPort: number): Promise<MqttTap> {
    const tap = new MqttTap(brokerPort);
    tap.#server.listen(0, "127.0.0.1");
    await once(tap.#server, "listening");
    return tap;
  }

  get url(): string {
    return `mqtt://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  of(kind: SentPacket["kind"]): SentPacket[] {
    return this.packets.filter((packet) => packet.kind === kind);
  }

  /** Cuts what is connected, as a broken cable does; new connections are taken. */
  cut(): void {
    for (const socket of this.#sockets) socket.destroy();
    this.#sockets.clear();
  }

  stop(): void {
    this.cut();
    this.#server.close();
  }

  #split(bytes: Buffer): Buffer<ArrayBuffer> {
    let at = 0;
    for (;;) {
      const end = packetEnd(bytes, at);
      if (end === null) return Buffer.from(bytes.subarray(at));
      const first = bytes[at]!;
      this.packets.push({
        kind: KINDS.get((first >> 4) as 1) ?? "other",
        qos: (first >> 1) & 3,
        retain: (first & 1) === 1,
        body: Buffer.from(bytes.subarray(end.body, end.end)),
      });
      at = end.end;
    }
  }
}

/** What a CONNECT says of session and will (MQTT 5.0 §3.1.2). */
export function connectOf({ body }: SentPacket) {
  const version = body[6]!;
  const flags = body[7]!;
  const properties = version === 5 ? body.subarray(11, 11 + body[10]!) : Buffer.alloc(0);
  const expiry = properties.indexOf(0x11); // the first of our properties, so no value can be taken for it
  return {
    version,
    clean: (flags & 2) !== 0,
    will: (flags & 4) !== 0,
    willQos: (flags >> 3) & 3,
    willRetain: (flags & 32) !== 0,
    sessionExpiryS: expiry === -1 ? null : properties.readUInt32BE(expiry + 1),
  };
}

/** Topic filter and QoS of a SUBSCRIBE with one filter, MQTT 5 without properties of its own or 3.1.1. */
export function subscriptionOf({ body }: SentPacket, version: number) {
  const at = version === 5 ? 3 + body[2]! : 2;
  const length = body.readUInt16BE(at);
  return {
    filter: body.toString("utf8", at + 2, at + 2 + length),
    qos: body[at + 2 + length]! & 3,
  };
}

export function topicOf({ body }: SentPacket): string {
  return body.toString("utf8", 2, 2 + body.readUInt16BE(0));
}

/** Where the packet at `at` has its body and its end; null: it is not whole yet. */
function packetEnd(bytes: Buffer, at: number): { readonly body: number; readonly end: number } | null {
  let length = 0;
  for (let i = 1; i <= 4; i += 1) {
    const digit = bytes[at + i];
    if (digit === undefined) return null;
    length += (digit & 127) * 128 ** (i - 1);
    if (digit < 128) {
      const end = at + i + 1 + length;
      return end > bytes.length ? null : { body: at + i + 1, end };
    }
  }
  return null;
}
