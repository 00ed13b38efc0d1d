import { z } from "zod";

export const TEACHER_ID = /^[a-z0-9][a-z0-9_-]{0,63}$/;

const sha256 = z.string().regex(/^[0-9a-f]{64}$/);

/** `manifest.json` of a teacher folder (architecture.md §5). */
export const teacherManifestSchema = z.strictObject({
  schema: z.literal("assayd-teacher-1"),
  id: z.string().regex(TEACHER_ID),
  /** A name of backbones/registry.ts. */
  backbone: z.string(),
  /** Where the weights came from, for people. */
  source: z.string(),
  /** Of the weights, SPDX where there is one; "unknown" if nobody said. */
  licence: z.string(),
  createdAt: z.iso.datetime(),
  /** Pixels a side of the square pictures that `macs` and the first ONNX file are for. */
  inputSize: z.int().positive(),
  levels: z.array(z.strictObject({ level: z.int(), channels: z.int(), stride: z.int() })).length(3),
  /** Multiply-accumulates of one picture at `inputSize`. */
  macs: z.int(),
  /** Numbers that training would change, up to the last level: convolutions, batch-norm scale and shift. */
  parameters: z.int(),
  /** The file that was imported. */
  importedSha256: sha256,
  /** Every other file of the folder. An ONNX file that is not listed here does not count: it is written again. */
  sha256: z.record(z.string(), sha256),
});

export type TeacherManifest = z.infer<typeof teacherManifestSchema>;
