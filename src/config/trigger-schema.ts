import { z } from "zod";

const milliseconds = z.number().min(0).max(60_000);

/** What says that a part is in front of the camera. */
export const triggerSchema = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z
      .literal("every-frame")
      .describe("each picture of the camera is one part: free-running, or a camera with a hardware trigger"),
  }),
  z.strictObject({ kind: z.literal("rate"), partsPerSecond: z.number().positive().max(200) }),
  z.strictObject({ kind: z.literal("command").describe("MQTT cmd/trigger only") }),
  z.strictObject({ kind: z.literal("plc").describe("the PLC's Trigger bit over Modbus TCP") }),
  z.strictObject({
    kind: z.literal("gpio").describe("an edge on an input line of this machine (gpiomon)"),
    chip: z
      .string()
      .regex(/^[a-zA-Z0-9/_.-]+$/)
      .default("gpiochip0"),
    line: z.int().min(0).max(1023).describe("offset of the line on its chip"),
    edge: z.enum(["rising", "falling"]).default("rising"),
    bias: z.enum(["as-is", "pull-up", "pull-down", "disabled"]).default("as-is"),
  }),
  z.strictObject({
    kind: z
      .literal("encoder")
      .describe("every so many counts of the conveyor's encoder, which the PLC writes"),
    everyCounts: z.int().positive().max(1_000_000_000),
    modulus: z
      .union([z.literal(65_536), z.literal(4_294_967_296)])
      .default(4_294_967_296)
      .describe("the counter begins anew at this value"),
  }),
  z.strictObject({
    kind: z
      .literal("http")
      .describe("POST /trigger/<camera> on the status page's address; the answer is the verdict"),
    tokenFile: z
      .string()
      .optional()
      .describe("file with a token that callers send as `authorization: Bearer …`"),
  }),
]);
export type TriggerConfig = z.infer<typeof triggerSchema>;

/** How triggers of any kind are cleaned. */
export const triggerFilterSchema = z.strictObject({
  debounceMs: milliseconds
    .default(0)
    .describe(
      "edges so soon after another are its bounces: counted and dropped (not of PLC, MQTT and HTTP: they wait for an answer)",
    ),
  minSpacingMs: milliseconds
    .default(0)
    .describe("parts closer than this cannot be told apart: each still gets its answer, ERR overrun"),
  delayMs: milliseconds.default(0).describe("from the trigger to the picture"),
});
export type TriggerFilterConfig = z.infer<typeof triggerFilterSchema>;
