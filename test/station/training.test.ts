import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { configSchema } from "../../src/config/schema.ts";
import type { StationModels } from "../../src/station/models.ts";
import { StationTraining } from "../../src/station/training.ts";
import type { JobStatus } from "../../src/training/supervisor.ts";
import { testLine } from "../inspection/line-fixture.ts";

/** Which bundle is active, and what was asked of it. */
class FakeModels implements Pick<StationModels, "active" | "promote" | "pruneInstant"> {
  bundleId: string | null = null;
  pruned = 0;
  active(): string | null {
    return this.bundleId;
  }
  promote(_line: unknown, bundleId: string): Promise<void> {
    this.bundleId = bundleId;
    return Promise.resolve();
  }
  pruneInstant(): Promise<void> {
    this.pruned += 1;
    return Promise.resolve();
  }
}

/** A station's training whose process behaves as the recipe says (test/training/fake-trainer.ts). */
async function training(recipe: string) {
  const stateDir = await mkdtemp(join(tmpdir(), "assayd-station-training-"));
  const models = new FakeModels();
  const statuses: JobStatus[] = [];
  const station = new StationTraining({
    config: configSchema.parse({ station: { stateDir } }),
    entry: new URL("../training/fake-trainer.ts", import.meta.url),
    models: models as unknown as StationModels,
    onChange: (status) => statuses.push(status),
  });
  onTestFinished(async () => {
    await station.stop();
    await rm(stateDir, { recursive: true, force: true });
  });
  station.start([testLine({}, recipe).line], "test");
  await station.finished;
  return { models, last: statuses.at(-1) };
}

it("says which instant model goes on judging when the job fails after it", async () => {
  const { models, last } = await training("refuses");
  expect(last).toMatchObject({ state: "failed", error: { code: "no-teacher" } });
  expect(last?.error?.message).toBe(
    `there is no teacher; the instant model ${models.bundleId ?? ""} goes on judging`,
  );
  expect(models.bundleId).toMatch(/^refuses-.*-instant$/);
  expect(models.pruned).toBe(1);
});

it("lets old instant models be deleted once the trained one is promoted", async () => {
  const { models, last } = await training("starts-instantly");
  expect(last).toMatchObject({ state: "completed", result: { bundleId: models.bundleId } });
  expect(models.bundleId).not.toMatch(/-instant$/);
  expect(models.pruned).toBe(1);
});
