import { isIP } from "node:net";
import { z } from "zod";

/** An address (`192.168.0.10`) or a network (`192.168.0.0/24`). */
function isNetwork(entry: string): boolean {
  const [address = "", bits, ...rest] = entry.split("/");
  const family = isIP(address);
  if (family === 0 || rest.length > 0) return false;
  return bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (family === 4 ? 32 : 128));
}

/** How a PLC talks to the station: docs/plc.md has the bits and registers. */
export const plcSchema = z.strictObject({
  modbus: z
    .strictObject({
      enabled: z.boolean().default(false).describe("answer a PLC over Modbus TCP; unit n is camera n"),
      host: z
        .string()
        .min(1)
        .default("127.0.0.1")
        .describe("address to listen on; 0.0.0.0: all networks. Modbus has no password: see allow"),
      port: z
        .int()
        .min(0)
        .max(65535)
        .default(1502)
        .describe("Modbus' own port 502 needs the right to listen below 1024 (CAP_NET_BIND_SERVICE)"),
      allow: z
        .array(z.string().refine(isNetwork, "expected an address or a network such as 192.168.0.0/24"))
        .default([])
        .describe("addresses and networks that may connect; none: every one that reaches the port"),
      maxClients: z
        .int()
        .min(1)
        .max(64)
        .default(16)
        .describe("connections at a time; one more closes the one unused for longest"),
      heartbeat: z
        .enum(["off", "required"])
        .default("off")
        .describe("required: a PLC that does not toggle PlcHeartbeat is a fault, and parts are rejected"),
      heartbeatTimeoutMs: z.int().min(100).max(60_000).default(1000).describe("silence that is a fault"),
      bufferDepth: z
        .int()
        .min(1)
        .max(64)
        .default(10)
        .describe(
          "results kept for a PLC that sets BufferEnable, and parts it may have under way (at most 8)",
        ),
      bypassKey: z
        .int()
        .min(1)
        .max(65535)
        .nullable()
        .default(null)
        .describe("number that the PLC must give for Bypass; null: it cannot switch inspection off"),
    })
    .prefault({}),
});
export type PlcSettings = z.infer<typeof plcSchema>;
