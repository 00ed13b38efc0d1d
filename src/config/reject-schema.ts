import { z } from "zod";

/**
 * The reject output of one camera: how far the ejector is, what it does at rest, and what switches it. Without hardware
 * (`kind: none`, the default) verdicts are only published.
 */

const ms = z.number().min(0).max(600_000);
const counts = z.number().min(0).max(1e9);

const trackSchema = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z
      .literal("time")
      .describe("the conveyor always runs at one speed and never stops with parts on it"),
    distanceMs: ms.default(1000).describe("from the trigger to the part's arrival at the ejector"),
    leadMs: ms.default(10).describe("the ejector acts on a part from so much before its arrival"),
    pulseMs: ms.min(1).default(60).describe("to so much after it: long enough for a whole part"),
  }),
  z.strictObject({
    kind: z.literal("encoder").describe("the conveyor stops or changes its speed: the PLC reports counts"),
    distanceCounts: counts.min(1).describe("from the camera to the ejector"),
    leadCounts: counts.default(0).describe("the ejector acts on a part from so much before its arrival"),
    pulseCounts: counts.min(1).describe("to so much after it: at least the length of a part"),
    modulus: z
      .union([z.literal(65_536), z.literal(4_294_967_296)])
      .default(4_294_967_296)
      .describe("the counter begins anew at this value"),
    maxCountsPerSecond: z
      .number()
      .positive()
      .nullable()
      .default(null)
      .describe(
        "the fastest conveyor; a counter that leaps further was reset: all parts on the way are rejected. " +
          "null: it may leap up to the distance",
      ),
    staleMs: z
      .number()
      .min(50)
      .max(10_000)
      .default(500)
      .describe("no counts for this long: nobody knows where parts are, all are rejected"),
  }),
]);

const heartbeatSchema = z.strictObject({
  kind: z
    .enum(["register", "coil"])
    .describe("register: counts up, 0 to 65535; coil: toggles with every beat"),
  address: z.int().min(0).max(65_535).describe("counted from 0"),
  everyMs: z
    .int()
    .min(20)
    .max(1000)
    .default(100)
    .describe("the PLC must reject after 500 ms without a change"),
});

const behaviour = {
  track: trackSchema.prefault({ kind: "time" }),
  restingState: z
    .enum(["reject", "pass"])
    .default("reject")
    .describe(
      "while no part is in front of the ejector. reject: it opens only for a part with a proven pass (fail-safe; diverters, " +
        "gates, a stopper); pass: it acts only on parts to be rejected (air valves, pushers)",
    ),
  energise: z
    .enum(["pass", "reject"])
    .default("pass")
    .describe(
      "what the energised output does. pass: a cut wire, a dead process and a power cut reject (fail-safe); reject: they let " +
        "every part pass, so the PLC must stop the line by the heartbeat",
    ),
  delayMs: z.number().min(0).max(1000).default(0).describe("the ejector moves so long after it is switched"),
  lateMs: z
    .number()
    .positive()
    .max(1000)
    .default(20)
    .describe(
      "a part whose turn comes more than this late is rejected; where the ejector stood at pass for one that should not, output-late stops the line",
    ),
  maxParts: z
    .int()
    .min(1)
    .max(10_000)
    .default(256)
    .describe("between camera and ejector; more: all are rejected"),
};

export const rejectSchema = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("none").describe("verdicts are published, nothing is tracked or switched"),
  }),
  z.strictObject({
    kind: z.literal("display").describe("parts are tracked and shown, no output is switched"),
    ...behaviour,
  }),
  z.strictObject({
    kind: z
      .literal("gpio")
      .describe("a line of this machine, by gpioset (Debian: gpiod; libgpiod 2 is faster)"),
    chip: z
      .string()
      .regex(/^[A-Za-z0-9/_.-]{1,64}$/, "a chip's name or path such as gpiochip0")
      .default("gpiochip0"),
    line: z.int().min(0).max(1023).describe("offset of the line on its chip (gpioinfo)"),
    activeLow: z.boolean().default(false).describe("energised is the low level"),
    ...behaviour,
  }),
  z.strictObject({
    kind: z.literal("modbus").describe("a coil of a PLC or remote I/O, by Modbus TCP; we are the client"),
    host: z.string().min(1),
    port: z.int().min(1).max(65_535).default(502),
    unit: z.int().min(0).max(255).default(1),
    coil: z.int().min(0).max(65_535).default(0).describe("counted from 0"),
    timeoutMs: z.number().min(20).max(5000).default(200).describe("no answer for this long: connect anew"),
    heartbeat: heartbeatSchema
      .nullable()
      .default(null)
      .describe("shows the PLC that we live; without it a coil stays as it was when we die"),
    ...behaviour,
  }),
]);
export type RejectConfig = z.infer<typeof rejectSchema>;
/** Of a camera whose parts are tracked. */
export type TrackedRejectConfig = Exclude<RejectConfig, { kind: "none" }>;
export type TrackConfig = z.infer<typeof trackSchema>;
