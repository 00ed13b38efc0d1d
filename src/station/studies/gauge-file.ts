import { readFileSync } from "node:fs";
import { z } from "zod";
import { name } from "../../config/name.ts";
import { messageOf } from "../../domain/errors.ts";
import { writeDurably } from "../../system/durable-files.ts";

const gaugeSchema = z.strictObject({
  bundleId: z.string().min(1).max(128),
  /** Sample standard deviation of the score. */
  sigma: z.number().min(0),
  /** ISO-8601 UTC: when it was studied. */
  at: z.string(),
});
const fileSchema = z.record(name, gaugeSchema);

/** What the last gauge study of a recipe found. It holds for the model that was studied only. */
export type StoredGauge = z.infer<typeof gaugeSchema>;

/** The newest gauge study of each recipe, kept over a restart. */
export class GaugeFile {
  readonly #file: string;
  #gauges: Readonly<Record<string, StoredGauge>>;
  #writing: Promise<void> = Promise.resolve();
  /** Why the file could not be read, or null. */
  readonly problem: string | null;

  private constructor(file: string, gauges: Readonly<Record<string, StoredGauge>>, problem: string | null) {
    this.#file = file;
    this.#gauges = gauges;
    this.problem = problem;
  }

  /** A file that is not there holds nothing; a damaged one neither, and `problem` says so. */
  static read(file: string): GaugeFile {
    try {
      return new GaugeFile(file, fileSchema.parse(JSON.parse(readFileSync(file, "utf8"))), null);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return new GaugeFile(file, {}, null);
      const problem = `${file} is damaged (${messageOf(error)}); results bear no margin until the next gauge study`;
      return new GaugeFile(file, {}, problem);
    }
  }

  /** (score − threshold) in standard deviations of repeatability; null where this model was not studied, or never strayed. */
  marginOf(
    recipe: string,
    bundleId: string | null,
    score: number | null,
    threshold: number | null,
  ): number | null {
    const gauge = Object.hasOwn(this.#gauges, recipe) ? this.#gauges[recipe] : undefined;
    if (gauge?.bundleId !== bundleId || score === null || threshold === null) return null;
    return gauge.sigma === 0 ? null : Number(((score - threshold) / gauge.sigma).toPrecision(6));
  }

  /** In use at once, durable when it resolves. @throws the system's error; after a restart the former study then holds */
  keep(recipe: string, gauge: StoredGauge): Promise<void> {
    this.#gauges = { ...this.#gauges, [recipe]: gauge };
    const text = `${JSON.stringify(this.#gauges, null, 2)}\n`;
    const written = this.#writing.then(() => writeDurably(this.#file, text));
    this.#writing = written.catch(() => undefined);
    return written;
  }
}
