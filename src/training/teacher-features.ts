import { teacherNetwork } from "../backbones/backbone.ts";
import { ensureTeacherOnnx, type Teacher } from "../backbones/teacher-store.ts";
import { ModelError } from "../domain/errors.ts";
import { exportOnnx } from "../graph/onnx-ops.ts";
import type { Shape } from "../graph/ops.ts";
import { openSession, type OnnxSession } from "../onnx/session.ts";
import { lightNetwork } from "../preprocess/light.ts";
import type { View } from "../preprocess/view.ts";
import type { TrainingJob } from "./protocol.ts";

/** The frozen teacher, run by ONNX Runtime as it will be on the line. */
export interface TeacherSession {
  /** Shapes of the levels that are used, finest first. */
  readonly shapes: readonly Shape[];
  /**
   * @param picture RGB8, row-major, of the teacher's input size
   * @returns one [C, H, W] array a level
   */
  features(picture: Uint8Array): Promise<readonly Float32Array[]>;
  close(): Promise<void>;
}

export interface TeacherSessionOptions {
  /** ONNX file, or its bytes. */
  readonly model: string | Uint8Array;
  /** Width and height of the model input. */
  readonly size: { readonly width: number; readonly height: number };
  /** 1-based levels that the method uses, and their shapes. */
  readonly levels: readonly { readonly level: number; readonly shape: Shape }[];
  readonly threads: number;
}

/** The same teacher, giving only some of the levels. @param positions among `shapes`, ascending */
export function someLevels(session: TeacherSession, positions: readonly number[]): TeacherSession {
  return {
    shapes: positions.map((at) => session.shapes[at]!),
    features: async (picture) => {
      const all = await session.features(picture);
      return positions.map((at) => all[at]!);
    },
    close: () => session.close(),
  };
}

/** What the session runs: the teacher's own file, or the teacher behind the view's light (ignored places are hidden in samples). */
export async function teacherModel(
  { teacherDir, inputSize }: TrainingJob,
  { backbone, weights }: Teacher,
  { preprocess: { light } }: View,
): Promise<string | Uint8Array> {
  if (light === null) return ensureTeacherOnnx(teacherDir, inputSize.width);
  return exportOnnx({
    name: backbone.name,
    input: { name: "image", size: inputSize },
    network: (ops, inputs) => teacherNetwork(backbone)(ops, lightNetwork(light)(ops, inputs)),
    outputs: ["f1", "f2", "f3"],
    weights,
  });
}

/** @throws ModelError if ONNX Runtime cannot open the teacher */
export async function openTeacherSession(options: TeacherSessionOptions): Promise<TeacherSession> {
  const session: OnnxSession = await openSession({
    model: options.model,
    providers: ["cuda", "cpu"],
    threads: options.threads,
  });
  const dims = [1, options.size.height, options.size.width, 3];
  return {
    shapes: options.levels.map(({ shape }) => shape),
    features: async (picture) => {
      const outputs = await session.run({ image: { dims, data: picture } });
      return options.levels.map(({ level }) => {
        const output = outputs[`f${level}`];
        if (!output)
          throw new ModelError("model-outputs", `the teacher has no output f${level}; import it again`);
        return output.data;
      });
    },
    close: () => session.release(),
  };
}
