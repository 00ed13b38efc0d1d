import { expect, it } from "vitest";
import { Studies, type StudyStatus } from "../../src/station/studies/studies.ts";
import { studyMessage } from "../../src/station/study-message.ts";
import { jobSchema } from "../../src/messaging/schemas/station.ts";
import { inspectionOf } from "../messaging/plant.ts";

it("tells every step of a study as the contract's job message", async () => {
  const told: StudyStatus[] = [];
  let part = 0;
  const studies = new Studies({
    inspect: () => Promise.resolve(inspectionOf(++part, { score: 0.2 + 0.01 * (part % 2) })),
    challengePictures: () => Promise.resolve([{ id: "a" }, { id: "b" }]),
    judge: (_camera, { id }) => Promise.resolve({ score: id === "a" ? 0.9 : 0.1, threshold: 0.5 }),
    onChange: (status) => told.push(status),
    newId: () => "1",
    now: () => 1_760_000_000_000,
  });
  studies.startGauge("cam1", 6, "anna");
  await studies.finished;
  await studies.startChallenge("cam1", "anna");
  await studies.finished;
  const messages = told.map((status) => jobSchema.parse(studyMessage(status)));
  expect(messages[0]).toMatchObject({
    type: "gauge",
    state: "running",
    progress: 0,
    ended: null,
    result: null,
  });
  const [gauge, challenge] = messages.filter(({ state }) => state === "completed");
  expect(gauge?.metrics).toMatchObject({ scores: 6, agreement: 1, threshold: 0.5 });
  expect(gauge?.result?.guard_band).toBeGreaterThan(gauge?.result?.sigma ?? 1);
  expect(challenge).toMatchObject({
    progress: 100,
    result: { caught: 1, total: 2 },
    data_set: { images: 2 },
  });
});
