import { expect, it } from "vitest";
import { cameraTopics, commandNameOf, defaultRoot, stationTopics } from "../../src/messaging/topics.ts";

it("gives the topics of the interface", () => {
  const topics = stationTopics(defaultRoot("st1"));
  expect(topics.state).toBe("assay/v1/st1/state");
  expect(topics.job("7")).toBe("assay/v1/st1/job/7");
  expect(topics.camera("cam1").resultLast).toBe("assay/v1/st1/cam/cam1/result/last");
  expect(topics.camera("cam1").image("overlay")).toBe("assay/v1/st1/cam/cam1/image/overlay");
});

it("refuses names that would change the tree", () => {
  for (const name of ["", "a/b", "+", "a#"]) expect(() => cameraTopics("r", name)).toThrow(RangeError);
});

it("reads a command's name only below its own root", () => {
  expect(commandNameOf("r/s", "r/s/cmd/train.start")).toBe("train.start");
  expect(commandNameOf("r/s", "r/other/cmd/train.start")).toBeNull();
});
