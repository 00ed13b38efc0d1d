import { z } from "zod";

const LEVEL = /^[^+#/$\p{Cc}][^+#/\p{Cc}]*$/u;

/** Root of all topics: a plant may set it to its UNS path, e.g. `enterprise/site/area/line/cell` (ISA-95 order). */
export const topicRootSchema = z
  .string()
  .max(200)
  .refine((root) => root.split("/").every((level) => LEVEL.test(level)), {
    message: "levels joined by /, none empty, without + # and control characters, not beginning with $",
  });

/** Pictures on MQTT: for people, droppable, never waited for. */
export const imagesSchema = z.strictObject({
  heatmap: z.boolean().default(true),
  overlay: z.boolean().default(true),
  frame: z.boolean().default(false),
  when: z.enum(["ng", "all"]).default("ng").describe("ng: of parts that are not OK"),
  lastNg: z
    .boolean()
    .default(false)
    .describe("the last rejected part's overlay, retained on image/last_ng (dashboards)"),
  format: z.enum(["jpeg", "webp"]).default("jpeg"),
  quality: z.int().min(1).max(100).default(80),
  maxPerSecond: z.number().positive().default(2).describe("parts a second and camera"),
  maxBytes: z.int().positive().default(65536).describe("of one picture; quality, then size give way"),
});
export type ImagesConfig = z.infer<typeof imagesSchema>;

/** Commands on MQTT. */
export const commandsSchema = z.strictObject({
  responsePrefixes: z
    .array(
      z
        .string()
        .min(1)
        .max(128)
        .regex(/^[^+#$]/, "must not begin with + # $"),
    )
    .default([])
    .describe("more beginnings that callers' MQTT 5 response topics may have; {root}/rsp/ always may"),
  bypassKey: z
    .string()
    .min(4)
    .max(64)
    .nullable()
    .default(null)
    .describe("lets who knows it switch the bypass on by cmd/bypass; null: nobody"),
});
