import { describe, expect, it } from "vitest";
import { name } from "../../../src/config/name.ts";
import { sparkplugSchema } from "../../../src/config/sparkplug-schema.ts";
import { sparkplugTopics } from "../../../src/messaging/sparkplug/topics.ts";

describe("Sparkplug topics", () => {
  // tck-id-intro-group-id-string, tck-id-intro-group-id-chars, tck-id-topic-structure-namespace-valid-group-id,
  // tck-id-intro-edge-node-id-string, tck-id-intro-edge-node-id-chars, tck-id-topic-structure-namespace-valid-edge-node-id
  it("are made of a group and a node that hold no + / # nor what hosts make folders of", () => {
    const taken = (config: object): boolean => sparkplugSchema.safeParse(config).success;
    expect(taken({ group: "plant:area 1" })).toBe(true);
    for (const group of ["", "a/b", "a+", "#", "a.b", "a,b", "a\\b", "@", "$sys", "100%", "x".repeat(65)]) {
      expect(taken({ group }), group).toBe(false);
    }
    expect(taken({ node: "edge-7" })).toBe(true);
    for (const node of ["a/b", "+", "Edge", ""]) expect(taken({ node }), node).toBe(false);
    expect(taken({ groups: "x" })).toBe(false);
  });

  // tck-id-intro-device-id-string, tck-id-intro-device-id-chars, tck-id-topic-structure-namespace-valid-device-id,
  // tck-id-case-sensitivity-sparkplug-ids
  it("have devices by the names of cameras, which are lower case without + / #", () => {
    for (const camera of ["a/b", "+", "#", "Cam1", ""]) expect(name.safeParse(camera).success).toBe(false);
    expect(name.safeParse("cam1").success).toBe(true);
  });

  it("tell the device of a command, and only of one for this node", () => {
    const { commandedDevice } = sparkplugTopics("plant", "st1");
    expect(commandedDevice("spBv1.0/plant/DCMD/st1/cam1")).toBe("cam1");
    expect(commandedDevice("spBv1.0/plant/DCMD/st10/cam1")).toBeNull();
    expect(commandedDevice("spBv1.0/plant/NCMD/st1")).toBeNull();
  });
});
