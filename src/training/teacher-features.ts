import { ModelError } from "../domain/errors.ts";
import type { Shape } from "../graph/ops.ts";
import { openSession, type OnnxSession } from "../onnx/session.ts";

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
  readonly onnxFile: string;
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

/** @throws ModelError if ONNX Runtime cannot open the teacher */
export async function openTeacherSession(options: TeacherSessionOptions): Promise<TeacherSession> {
  const session: OnnxSession = await openSession({
    model: options.onnxFile,
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
