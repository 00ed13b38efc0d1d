import { expect, it } from "vitest";
import { topicRootSchema } from "../../src/config/messaging-schema.ts";
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

it("the root may be a path of the plant's unified namespace, but no filter and no empty level", () => {
  const taken = (root: string): boolean => topicRootSchema.safeParse(root).success;
  expect(["assay/v1/st1", "Acme/Berlin/Area 1/Line 3/Cell 2", "ü"].filter((root) => !taken(root))).toEqual(
    [],
  );
  const wrong = [
    "",
    "/a",
    "a/",
    "a//b",
    "a/+/b",
    "a/#",
    "$SYS/a",
    "a/$b",
    "a\u0000b",
    "a\nb",
    "x".repeat(201),
  ];
  expect(wrong.filter(taken)).toEqual([]);
});
