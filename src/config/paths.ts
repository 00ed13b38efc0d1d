import { join } from "node:path";

/** Where everything of a station lives below its state folder (systemd's StateDirectory). */
export function statePaths(stateDir: string) {
  return {
    teachers: join(stateDir, "teachers"),
    bundles: join(stateDir, "bundles"),
    /** One pointer file a recipe: the id of its active bundle. */
    active: join(stateDir, "active"),
    /** Collected normal pictures: `datasets/<recipe>/<name>.png`. */
    datasets: join(stateDir, "datasets"),
    /** Pictures of parts that were not good, and of some that were. */
    evidence: join(stateDir, "evidence"),
    jobs: join(stateDir, "jobs"),
    /** Which recipe each camera was last set to. */
    selected: join(stateDir, "selected.json"),
    /** Repeatability of each recipe's model, as last studied. */
    gauges: join(stateDir, "gauges.json"),
    /** SQLite file: inspections and outbox. */
    store: join(stateDir, "assayd.db"),
    /** TensorRT engines; a cache, may be deleted at any time. */
    engines: join(stateDir, "engines"),
  } as const;
}

export type StatePaths = ReturnType<typeof statePaths>;
