import { z } from "zod";

const positiveInt = z.int().positive();

const external = z.strictObject({
  kind: z.literal("external"),
  url: z.string().regex(/^(mqtts?|wss?):\/\//, "mqtt://, mqtts://, ws:// or wss:// address"),
  username: z.string().optional(),
  passwordFile: z
    .string()
    .optional()
    .describe("file with the password; $CREDENTIALS_DIRECTORY/mqtt-password is found by itself"),
  caFile: z.string().optional(),
  certFile: z.string().optional(),
  keyFile: z.string().optional(),
  protocolVersion: z.union([z.literal(4), z.literal(5)]).default(5),
  keepaliveS: positiveInt.default(10),
});

/** A broker in the plant, for a connection beside the main one (Sparkplug). */
export const externalBrokerSchema = external.omit({ kind: true });

/** The broker that the station publishes to. */
export const brokerSchema = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("embedded").describe("a small broker inside assayd, for trial only"),
    host: z.string().default("127.0.0.1"),
    port: z.int().min(0).max(65535).default(1883),
  }),
  external,
]);
export type BrokerConfig = z.infer<typeof brokerSchema>;
