import { z } from "zod";

/** Home Assistant's MQTT discovery: one device a camera, on the main broker connection. */
export const homeAssistantSchema = z.strictObject({
  enabled: z.boolean().default(false).describe("false: devices announced before are taken away"),
  prefix: z
    .string()
    .regex(/^[^+#/\0][^+#\0]*[^+#/\0]$/, "a topic without + or #, and without / at its ends")
    .default("homeassistant")
    .describe("discovery prefix of Home Assistant's MQTT integration"),
});
export type HomeAssistantConfig = z.infer<typeof homeAssistantSchema>;
