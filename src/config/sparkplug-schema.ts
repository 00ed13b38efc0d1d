import { z } from "zod";
import { externalBrokerSchema } from "./broker-schema.ts";
import { name } from "./name.ts";

// Sparkplug 3.0 §4.1.2: no + / #; we also refuse what hosts make folders and paths of (interfaces.md §3.6)
const id = z.string().regex(/^[^+/#.,\\@$%\0]{1,64}$/, "1 to 64 characters without + / # . , \\ @ $ %");

/** Sparkplug B 3.0: the station as an edge node, each camera as a device, on a connection of its own. */
export const sparkplugSchema = z.strictObject({
  enabled: z.boolean().default(false),
  group: id.default("assayd").describe("group id: the site, or site:area"),
  node: name.nullable().default(null).describe("edge node id; null: the station's name"),
  broker: z
    .union([z.literal("same"), externalBrokerSchema])
    .default("same")
    .describe("same: the broker of `broker`; or the keys of an external broker, without kind"),
  primaryHost: id
    .nullable()
    .default(null)
    .describe("host application id: births wait until it is online; null: they wait for none"),
  reboot: z
    .boolean()
    .default(false)
    .describe("take Node Control/Reboot: assayd ends in order and systemd starts it anew"),
});
export type SparkplugConfig = z.infer<typeof sparkplugSchema>;
