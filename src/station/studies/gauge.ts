import type { Inspection } from "../../domain/inspection.ts";
import { InputError } from "../../domain/errors.ts";
import { repeatabilityOf, type Repeatability } from "./repeatability.ts";

export interface GaugeOptions {
  readonly repeats: number;
  /** Triggers the part that lies before the camera. */
  readonly inspect: () => Promise<Inspection>;
  /** Done so far, 0..repeats. */
  readonly onProgress: (done: number) => void;
  readonly signal: AbortSignal;
}

export interface GaugeResult extends Repeatability {
  /** What was studied. */
  readonly recipe: string;
  readonly bundleId: string | null;
  readonly threshold: number | null;
  /** Repeats that were not judged. */
  readonly errors: number;
}

const MAX_ERROR_SHARE = 0.2;

/**
 * Judges one part that is not moved again and again, one after the other.
 * @throws InputError `gauge-errors` if too many repeats were not judged, `gauge-changed` if recipe or model changed meanwhile; the signal's reason if it is aborted
 */
export async function runGauge({ repeats, inspect, onProgress, signal }: GaugeOptions): Promise<GaugeResult> {
  const judged: Inspection[] = [];
  let errors = 0;
  let detail = "";
  for (let done = 0; done < repeats; done += 1) {
    signal.throwIfAborted();
    const inspection = await inspect();
    if (inspection.score === null) {
      errors += 1;
      detail = `${inspection.reason} ${inspection.detail ?? ""}`.trim();
    } else judged.push(unchanged(judged[0] ?? inspection, inspection));
    if (errors > MAX_ERROR_SHARE * repeats) {
      throw new InputError(
        "gauge-errors",
        `${errors} of ${done + 1} repeats were not judged, the last one for: ${detail}`,
      );
    }
    onProgress(done + 1);
  }
  const last = judged.at(-1);
  if (last === undefined) throw new InputError("gauge-errors", "no repeat was judged");
  const { threshold, bundleId, recipe } = last;
  const scores = judged.flatMap(({ score }) => (score === null ? [] : [score]));
  const verdicts = judged.map(({ verdict }) => verdict);
  return { ...repeatabilityOf(scores, verdicts, threshold), threshold, errors, recipe: recipe.id, bundleId };
}

function unchanged(first: Inspection, inspection: Inspection): Inspection {
  if (inspection.bundleId === first.bundleId && inspection.recipe.id === first.recipe.id) return inspection;
  throw new InputError(
    "gauge-changed",
    `recipe ${inspection.recipe.id} or its model was changed during the study; begin it again`,
  );
}
