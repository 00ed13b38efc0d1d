/** What `assayd` processes end with; systemd must not restart on EX_CONFIG (sysexits.h, man systemd.exec). */
export const EXIT_CODES = { ok: 0, failed: 1, usage: 2, config: 78 } as const;

/**
 * Base of every error that assayd expects. One subclass per *reaction*, not per place. `code` is stable and machine
 * readable (kebab-case); the message names the value, what was expected, and the remedy.
 */
export class AssaydError extends Error {
  readonly code: string;

  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
    this.code = code;
  }
}

/** The configuration cannot be used: the program ends with EX_CONFIG and is not restarted. */
export class ConfigError extends AssaydError {}

/** What a person handed in (a picture, a folder, a command's argument) cannot be used: refuse it, lose nothing. */
export class InputError extends AssaydError {}

/** The camera gives no (usable) picture: its parts are `ERR`, the pipeline is reopened with back-off. */
export class CaptureError extends AssaydError {}

/** A model, teacher or bundle cannot be used: keep the one that is active. */
export class ModelError extends AssaydError {}

/** One part could not be scored: its verdict is `ERR`. */
export class InferenceError extends AssaydError {}

/** A training job cannot go on: it ends as `failed`, the active bundle stays. */
export class TrainingError extends AssaydError {}

/** A result could not be handed over (broker, disk): it is kept and tried again. */
export class DeliveryError extends AssaydError {}

/** The text of an unknown thrown value. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
