import { z } from "zod";

/** The one home of the OPC UA server's settings (`opcua`). */
export const opcuaSchema = z.strictObject({
  enabled: z
    .boolean()
    .default(false)
    .describe("OPC 40100-1 server in a process of its own; needs the optional package node-opcua-server"),
  host: z
    .string()
    .min(1)
    .default("127.0.0.1")
    .describe("address it listens at; 0.0.0.0: all; clients must reach it by the same name"),
  port: z.int().min(0).max(65535).default(4840).describe("4840 is the registered one; 0: any free one"),
  security: z
    .strictObject({
      unencrypted: z
        .enum(["loopback", "never", "always"])
        .default("loopback")
        .describe(
          "whether SecurityPolicy None is offered beside Basic256Sha256 SignAndEncrypt; loopback: only if host is one",
        ),
      clients: z
        .enum(["listed", "any"])
        .default("listed")
        .describe(
          "listed: only certificates in <stateDir>/opcua/pki/trusted/certs; unknown ones are kept in rejected/",
        ),
    })
    .prefault({}),
  users: z
    .strictObject({
      anonymous: z
        .enum(["read", "none", "operate"])
        .default("read")
        .describe("without a user; read: browse, read, subscribe; operate: call methods too"),
      file: z
        .string()
        .nullable()
        .default(null)
        .describe("users who may call methods, name:hash a line, made by scripts/opcua-user.ts"),
    })
    .prefault({}),
  results: z
    .int()
    .min(1)
    .max(10_000)
    .default(100)
    .describe("newest results of each camera that clients can fetch"),
  maxSessions: z.int().min(1).max(200).default(20),
});
export type OpcuaConfig = z.infer<typeof opcuaSchema>;
