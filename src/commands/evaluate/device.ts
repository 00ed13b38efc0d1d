import { resolve } from "node:path";
import { MACHINE_FILES } from "../../config/config-files.ts";
import { loadConfig } from "../../config/load.ts";
import { inputSize } from "../../config/preprocess-schema.ts";
import { configSchema, type Config } from "../../config/schema.ts";
import { InputError } from "../../domain/errors.ts";
import { chooseMethod } from "./choose-method.ts";

export interface DeviceFlags {
  readonly config?: string;
  readonly method?: string;
  readonly teacher?: string;
  readonly size?: number;
  readonly stateDir?: string;
}

/** The configuration of the device, with what the flags change. @throws ConfigError, InputError */
export function deviceConfig({ config: file, method, teacher, size, stateDir }: DeviceFlags): Config {
  const loaded = loadConfig(file ?? null, process.env, MACHINE_FILES);
  const { station, training } = loaded;
  if (size !== undefined && !inputSize.safeParse(size).success)
    throw new InputError(
      "bad-input-size",
      `--size is ${size}; a multiple of 32 from 64 to 1024 is expected.`,
    );
  const changed = configSchema.safeParse({
    ...loaded,
    teacher: teacher ?? loaded.teacher,
    station: {
      ...station,
      inputSize: size ?? station.inputSize,
      stateDir: stateDir === undefined ? station.stateDir : resolve(stateDir),
    },
    training: { ...training, method: chooseMethod(method, training.method) },
  });
  if (changed.success) return changed.data;
  const problems = changed.error.issues.map((issue) => `${issue.path.join(".")}: ${issue.message}`);
  throw new InputError("flags-invalid", `The flags do not make a configuration: ${problems.join("; ")}.`);
}
