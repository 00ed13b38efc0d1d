import { describe, expect, it } from "vitest";
import { jobSchema, type JobMessage } from "../../src/messaging/schemas/station.ts";
import { until } from "../messaging/plant.ts";
import { taughtNothingState } from "./quick-state.ts";
import { expectOneAnswerEach, Plant, startStation } from "./test-station.ts";

const GOOD_PARTS = { source: { kind: "simulated", fps: 5, defectShare: 0 }, deadlineMs: 1000 } as const;
const TEACH = 12;
const INSTANT = { minImages: 8, instant: { method: { name: "memory-bank", patches: 60 } }, nice: 0 };
/** The students take long enough for parts to pass meanwhile. */
const DISTILL = { steps: 80, batch: 4 };
/** One that looks at the levels that the bank looks at, and one that looks at more. */
const METHODS = [
  { name: "rd", levels: [2, 3], student: "compact", distill: DISTILL },
  { name: "aand", amplify: { images: 8, steps: 4, batch: 4 }, distill: DISTILL, bank: { patches: 60 } },
];

describe("instant start", () => {
  it.each(METHODS)(
    "judges by the instant model while $name learns, by it afterwards, and can go back",
    async (method) => {
      const training = { ...INSTANT, method };
      const stateDir = await taughtNothingState();
      const test = await startStation({ stateDir, camera: GOOD_PARTS, config: { training } });
      const plant = await Plant.at(test.station.brokerUrl);
      await plant.ask("collect.start", { count: TEACH, reset: true });
      await plant.more(TEACH + 3);
      const { job_id: id = "" } = await plant.ask("train.start");
      const messages = (): JobMessage[] => plant.heard.json(`job/${id}`).map((json) => jobSchema.parse(json));

      const [early] = await plant.more(1, ({ reason }) => reason === "score");
      expect(early?.model.id).toBe(`${id}-instant`);
      expect(messages().at(-1)).toMatchObject({ state: "running", ended: null });
      await until(
        "the job says who judges",
        () => messages().at(-1)?.message.endsWith(`(until then ${id}-instant judges)`) ?? false,
      );

      await until("the job has ended", () => messages().at(-1)?.ended !== null, 120_000);
      expect(messages().at(-1)).toMatchObject({ error: null, state: "completed", result: { model_id: id } });
      await plant.more(1, ({ model }) => model.id === id);
      const promoted = plant.heard
        .json("event")
        .filter(({ kind }) => kind === "model.promoted")
        .map(({ data }) => data);
      expect(promoted).toMatchObject([
        { model_id: `${id}-instant`, parent: null },
        { model_id: id, parent: `${id}-instant` },
      ]);
      expect((await plant.ask("model.rollback")).data).toEqual({ model_id: `${id}-instant` });
      await plant.more(1, ({ model }) => model.id === `${id}-instant`);
      await test.station.stop();
      expectOneAnswerEach(plant.results(), test);
    },
  );
});
