import { z } from "zod";
import { name } from "../../config/name.ts";
import { timestamp } from "./words.ts";

const camera = name.optional().describe("may be left out where the station has one camera");
const anyCamera = name.optional().describe("left out: all cameras");
const id = z
  .string()
  .regex(
    /^[a-zA-Z0-9][a-zA-Z0-9._-]{0,127}$/,
    "use 1 to 128 of a-z A-Z 0-9 . _ - and begin with a letter or digit",
  );
const tag = z.string().min(1).max(64);
const recipe = z.union([name, z.int().min(1).max(65_535)]).describe("its name or number");
const jsonValue = z.union([
  z.string(),
  z.number(),
  z.boolean(),
  z.null(),
  z.array(z.unknown()),
  z.record(z.string(), z.unknown()),
]);
const place = z.union([z.int().min(0), z.iso.datetime()]);

/** What each command takes; unknown fields are errors. `{root}/cmd/{name}` (interfaces.md §3.4) */
export const commandSchemas = {
  start: z.strictObject({ camera: anyCamera }).describe("inspect"),
  stop: z
    .strictObject({ camera: anyCamera })
    .describe("stop inspecting; from then on triggers are answered ERR not_ready"),
  reset: z
    .strictObject({ camera: anyCamera })
    .describe("acknowledge faults that wait for it and count consecutive rejects anew"),
  trigger: z
    .strictObject({
      camera,
      trigger_id: tag.optional().describe("echoed with the result"),
      part_id: tag.optional().describe("serial number of the part, for the record"),
      tag: z.int().min(0).max(65_535).optional().describe("a PLC's number for the part, echoed"),
    })
    .describe("inspect one part; the answer holds its verdict"),
  "recipe.prepare": z
    .strictObject({ camera, recipe })
    .describe("load a recipe's model beside the active one, so that selecting it takes milliseconds"),
  "recipe.select": z
    .strictObject({ camera, recipe })
    .describe("judge the next parts by this recipe; answered when it does"),
  "threshold.set": z
    .strictObject({
      camera,
      reject: z.number().describe("scores above it are NG"),
      warn: z.number().nullable().optional().describe("scores above it are WARN; null: no grey zone"),
    })
    .refine(({ reject, warn }) => typeof warn !== "number" || warn <= reject, {
      path: ["warn"],
      message: "must not be above reject",
    })
    .describe("set the limits on the raw score, from the next part on and after a restart"),
  "counters.reset": z.strictObject({ camera: anyCamera }).describe("begin the totals anew"),
  "alarm.ack": z
    .strictObject({ camera: anyCamera, code: id.optional().describe("left out: all alarms of the camera") })
    .describe("acknowledge alarms; one that is no longer active leaves its topic"),
  "collect.start": z
    .strictObject({
      camera,
      count: z.int().min(1).max(100_000).optional().describe("end by itself after this many"),
      reset: z.boolean().optional().describe("begin an empty collection; the old one is kept aside"),
    })
    .describe("keep the pictures of the following parts as normals"),
  "collect.stop": z.strictObject({ camera }).describe("end collecting"),
  "label.set": z
    .strictObject({
      inspection_id: z.uuid().describe("of the result"),
      label: z
        .enum(["good", "bad"])
        .nullable()
        .describe("good: a false reject, used as a normal; bad: a challenge picture; null: no label"),
    })
    .describe("say what a part really was"),
  "train.start": z
    .strictObject({
      camera,
      with: z
        .array(name)
        .optional()
        .describe("more cameras, whose recipes share the model; each recipe gets its own threshold"),
    })
    .describe("train from the collected normals; the model is promoted when it is proven"),
  "train.cancel": z
    .strictObject({ job_id: id.optional().describe("left out: the running job") })
    .describe("cancel a job: training, gauge or challenge"),
  "model.promote": z.strictObject({ id, camera }).describe("let this bundle judge, once it is proven"),
  "model.rollback": z.strictObject({ camera }).describe("back to the parent of the active bundle"),
  "challenge.run": z
    .strictObject({ camera })
    .describe("score the pictures labelled bad with the active model: all must be NG"),
  "gauge.run": z
    .strictObject({
      camera,
      repeats: z.int().min(5).max(500).optional().describe("default 30"),
    })
    .describe("trigger one part that lies still again and again: the score's repeatability"),
  snapshot: z.strictObject({ camera }).describe("publish the present picture on image/frame"),
  "config.get": z
    .strictObject({ key: tag.optional().describe('e.g. "cameras.0.deadlineMs"; left out: everything') })
    .describe("the configuration in use, without secrets, and its checksum"),
  "config.set": z
    .strictObject({
      changes: z
        .array(
          z.strictObject({
            key: z.string().min(1).max(128).describe('e.g. "cameras.0.deadlineMs"'),
            value: jsonValue.describe("null where the key may be null"),
          }),
        )
        .min(1)
        .max(50)
        .optional(),
      undo: z.literal(true).optional().describe("back to the file before the last change"),
      expect_hash: z
        .string()
        .max(64)
        .optional()
        .describe("checksum of the file the change was made for; another file is not touched"),
    })
    .refine(({ changes, undo }) => (changes === undefined) !== (undo === undefined), {
      message: "give either changes or undo",
    })
    .describe(
      "change the configuration file, whole and valid or not at all; it takes effect at the next start",
    ),
  backup: z
    .strictObject({
      models: z.boolean().optional().describe("true: with the active models; else only what describes them"),
    })
    .describe("write configuration, thresholds, calibrations and pointers to a tar in the state folder"),
  republish: z.strictObject({}).describe("send all retained topics again"),
  replay: z
    .strictObject({
      camera,
      from: place.describe("first seq, or ISO-8601 UTC time"),
      to: place.optional().describe("last seq or time; left out: until now"),
    })
    .describe("publish stored results again, as historical ones, behind the live ones"),
  bypass: z
    .strictObject({
      camera,
      on: z.boolean(),
      key: tag.optional().describe("the station's bypass key; needed to switch it on"),
    })
    .describe("let every part pass unjudged until it is switched off; shown and audited"),
} as const;

export type CommandName = keyof typeof commandSchemas;
export const COMMAND_NAMES = Object.keys(commandSchemas) as readonly CommandName[];

/** The parameters of a command after validation. */
export type CommandParams<N extends CommandName> = z.infer<(typeof commandSchemas)[N]>;

/** What the caller may give so that he recognises the answer; beside the parameters in the payload. */
export const transactionSchema = z.union([z.string().min(1).max(64), z.int()]);
export type Transaction = z.infer<typeof transactionSchema>;

/** Fields that every command takes beside its own. */
export const envelopeSchema = z.strictObject({
  transaction: transactionSchema
    .nullable()
    .optional()
    .describe("echoed; the same one within 10 minutes is done once"),
  by: z.string().min(1).max(64).nullable().optional().describe("who asks, for the audit: MQTT does not tell"),
  expires: z.iso
    .datetime()
    .nullable()
    .optional()
    .describe("not done after this time (MQTT 3.1.1 has no message expiry)"),
});

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
