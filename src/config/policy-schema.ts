import { z } from "zod";

const share = z.number().min(0).max(1);

/** What becomes of a part once it has its score, and when the line must stop. Defaults: every part for itself, never a stop. */
export const policySchema = z.strictObject({
  warn: z
    .enum(["pass", "hold", "reject"])
    .default("pass")
    .describe("action on a part in the grey zone, between the warn and the reject threshold"),
  vote: z
    .strictObject({
      needed: z.int().min(1).max(100).default(1).describe("pictures above the threshold that make NG …"),
      of: z
        .int()
        .min(1)
        .max(100)
        .default(1)
        .describe("… among so many of the newest; 1: each picture for itself"),
    })
    .refine(({ needed, of }) => needed <= of, { path: ["needed"], message: "must not be above `of`" })
    .prefault({})
    .describe(
      "for a camera that looks at one thing again and again; parts that are looked at once need 1 of 1",
    ),
  stopAfterNg: z
    .int()
    .min(0)
    .default(0)
    .describe("so many NG parts in a row stop the line until somebody resets it; 0: never"),
  stopAfterErr: z.int().min(0).default(0).describe("the same for parts that could not be judged (ERR)"),
  stopNgRate: z
    .strictObject({
      share: share.default(0).describe("more NG than this share stops the line; 0: never"),
      parts: z.int().min(10).max(10_000).default(100).describe("… among so many of the newest judged parts"),
    })
    .prefault({}),
});
export type PolicyConfig = z.infer<typeof policySchema>;
