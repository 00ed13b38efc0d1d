import { methodSchema, type MethodConfig } from "../../config/method-schema.ts";
import { InputError } from "../../domain/errors.ts";

/**
 * The method of a name: as configured if that is the configured one, else with its defaults.
 * @throws InputError `method-unknown` with the names there are
 */
export function chooseMethod(name: string | undefined, configured: MethodConfig): MethodConfig {
  if (name === undefined || name === configured.name) return configured;
  const parsed = methodSchema.safeParse({ name });
  if (parsed.success) return parsed.data;
  const names = [...(methodSchema._zod.propValues.name ?? [])].map(String); // what its discriminator may be
  throw new InputError("method-unknown", `There is no method ${name}; there are ${names.join(", ")}.`);
}
