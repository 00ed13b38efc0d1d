import { readFile } from "node:fs/promises";
import { basename } from "node:path";
import { recognizeBackbone } from "../backbones/recognize.ts";
import { readPthSections } from "../backbones/weights/pth.ts";
import type { Size } from "../domain/inspection.ts";
import { InputError, messageOf } from "../domain/errors.ts";
import { prefixedWeights } from "../graph/prefixed.ts";
import type { Weights } from "../graph/ops.ts";
import type { TrainedMethod } from "../methods/method.ts";
import { amplifierWeights } from "./amplifier-weights.ts";
import { publishedAand, publishedRd } from "./published-networks.ts";
import { recognizeStudent } from "./student-plans.ts";

/** A model of the published RD or AAND code, as its checkpoint files hold it. */
export interface PublishedModel {
  readonly kind: "rd" | "aand";
  /** Name of the teacher's backbone. */
  readonly backbone: string;
  /** The teacher itself where the files hold it (AAND's stage 1); null: the ImageNet weights of the backbone. */
  readonly teacher: { readonly file: string; readonly weights: Weights } | null;
  /** The method for pictures of this size; it uses all three levels. */
  method(mapSize: Size): TrainedMethod;
}

/** A state dict, and the path of the file that holds it. */
interface Section {
  readonly weights: Weights;
  readonly file: string;
}

const EXPECTED =
  "Expected: for RD one file with bn and decoder (checkpoints of RD4AD's main.py); " +
  "for AAND the file of stage 1 with encoder_AT and the file of stage 2 with bn and decoder_ss (of AAND's train.py).";

/**
 * Reads checkpoint files of the published code. Nothing in them is executed.
 * @throws InputError `unreadable-file`, `bad-weight-file`, `not-a-checkpoint` or `unknown-weights`: what is there, what is missing
 */
export async function readCheckpoint(files: readonly string[]): Promise<PublishedModel> {
  const sections = new Map<string, Section>();
  for (const file of files) {
    for (const [name, weights] of await readPthSections(await readBytes(file), basename(file))) {
      const other = sections.get(name);
      if (other) throw notACheckpoint(`${file} and ${other.file} both hold ${wordOf(name)}`);
      sections.set(name, { weights, file });
    }
  }
  return publishedModel(sections);
}

function publishedModel(sections: ReadonlyMap<string, Section>): PublishedModel {
  const encoder = sections.get("encoder_AT");
  const bn = sections.get("bn");
  const decoder = sections.get(encoder ? "decoder_ss" : "decoder");
  if (bn && decoder) {
    const weights = new Map([
      ...prefixedWeights(bn.weights, "bn."),
      ...prefixedWeights(decoder.weights, "decoder."),
    ]);
    const student = recognizeStudent(weights, basename(bn.file));
    return encoder ? aand(encoder, student) : rd(student);
  }
  const found = [...sections.keys()].map(wordOf).join(", ") || "nothing";
  if (sections.has("decoder_ss"))
    throw notACheckpoint(`the student of AAND is there (${found}), but not encoder_AT of stage 1`);
  if (encoder)
    throw notACheckpoint(`the amplified teacher of AAND is there, but not bn and decoder_ss of stage 2`);
  throw notACheckpoint(`the files hold ${found}`);
}

type Student = ReturnType<typeof recognizeStudent>;

function rd({ backbone, plan, weights }: Student): PublishedModel {
  return {
    kind: "rd",
    backbone,
    teacher: null,
    method: (mapSize) => ({ network: publishedRd(plan, mapSize), weights }),
  };
}

function aand(encoder: Section, student: Student): PublishedModel {
  const file = basename(encoder.file);
  const { backbone, weights: teacher } = recognizeBackbone(encoder.weights, file);
  if (backbone.name !== student.backbone) {
    throw notACheckpoint(
      `the teacher of stage 1 is ${backbone.name}, the student of stage 2 was made for ${student.backbone}`,
    );
  }
  return {
    kind: "aand",
    backbone: backbone.name,
    teacher: { file: encoder.file, weights: teacher },
    method: (mapSize) => {
      const levels = backbone.levels(mapSize);
      const amplifier = amplifierWeights(encoder.weights, levels, file);
      return {
        network: publishedAand(student.plan, levels, amplifier.memory, mapSize),
        weights: new Map([...student.weights, ...amplifier.weights]),
      };
    },
  };
}

async function readBytes(path: string): Promise<Uint8Array> {
  try {
    return await readFile(path);
  } catch (error) {
    throw new InputError(
      "unreadable-file",
      `The checkpoint ${path} cannot be read: ${messageOf(error)}. Check the path.`,
      { cause: error },
    );
  }
}

const wordOf = (section: string): string => (section === "" ? "a plain state dict" : section);

function notACheckpoint(problem: string): InputError {
  return new InputError("not-a-checkpoint", `No model of RD or AAND: ${problem}. ${EXPECTED}`);
}
