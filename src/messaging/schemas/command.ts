import { z } from "zod";
import { name } from "../../config/name.ts";
import { timestamp } from "./words.ts";

const camera = name.optional().describe("may be left out where the station has one camera");
const id = z
  .string()
  .regex(
    /^[a-zA-Z0-9][a-zA-Z0-9._-]{0,127}$/,
    "use 1 to 128 of a-z A-Z 0-9 . _ - and begin with a letter or digit",
  );
const tag = z.string().min(1).max(64);

/** What each command takes; unknown fields are errors. `{root}/cmd/{name}` */
export const commandSchemas = {
  start: z.strictObject({ camera: name.optional().describe("left out: all cameras") }).describe("inspect"),
  stop: z
    .strictObject({ camera: name.optional().describe("left out: all cameras") })
    .describe("stop inspecting; triggers are ERR not_ready"),
  trigger: z
    .strictObject({ camera, trigger_id: tag.optional(), part_id: tag.optional() })
    .describe("inspect one part"),
  "collect.start": z
    .strictObject({
      camera,
      count: z.int().min(1).max(100_000).optional().describe("end by itself after this many"),
      reset: z.boolean().optional().describe("begin an empty collection; the old one is kept aside"),
    })
    .describe("keep the pictures of the following parts as normals"),
  "collect.stop": z.strictObject({ camera }),
  "train.start": z
    .strictObject({
      camera,
      with: z
        .array(name)
        .optional()
        .describe("more cameras, whose recipes share the model; each recipe gets its own threshold"),
    })
    .describe("train from the collected normals"),
  "train.cancel": z.strictObject({ job_id: id.optional().describe("left out: the running job") }),
  "model.promote": z.strictObject({ id, camera }),
  "model.rollback": z.strictObject({ camera }).describe("back to the parent of the active bundle"),
  "threshold.set": z
    .strictObject({ camera, reject: z.number(), warn: z.number().nullable().optional() })
    .refine(({ reject, warn }) => typeof warn !== "number" || warn <= reject, {
      path: ["warn"],
      message: "must not be above reject",
    }),
  snapshot: z.strictObject({ camera }).describe("publish the present picture on image/frame"),
  republish: z.strictObject({}).describe("send all retained topics again"),
} as const;

export type CommandName = keyof typeof commandSchemas;
export const COMMAND_NAMES = Object.keys(commandSchemas) as readonly CommandName[];

/** The parameters of a command after validation. */
export type CommandParams<N extends CommandName> = z.infer<(typeof commandSchemas)[N]>;

/** What the caller may give so that he recognises the answer; beside the parameters in the payload. */
export const transactionSchema = z.union([z.string().min(1).max(64), z.int()]);
export type Transaction = z.infer<typeof transactionSchema>;

/** `{root}/rsp/{name}` and the caller's response topic */
export const responseSchema = z.looseObject({
  status: z.enum(["ok", "accepted", "error"]),
  transaction: transactionSchema.nullable(),
  data: z.record(z.string(), z.unknown()),
  job_id: z.string().optional().describe("with accepted"),
  error: z.looseObject({ code: z.string(), message: z.string() }).optional(),
  ts: timestamp,
});
export type CommandResponse = z.infer<typeof responseSchema>;
