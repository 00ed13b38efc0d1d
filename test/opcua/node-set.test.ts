import { readFileSync } from "node:fs";
import { nodesets } from "node-opcua-nodesets";
import { describe, expect, it } from "vitest";
import { VISION_STATES } from "../../src/domain/station-view.ts";
import { VISION_TRANSITIONS } from "../../src/domain/vision-state.ts";

/** The companion specification's own file: node id → what we need of a node. */
function readNodeSet() {
  const xml = readFileSync(nodesets.machineVision, "utf8");
  const nodes = [
    ...xml.matchAll(/<UA(?:Object|Method) NodeId="([^"]+)" BrowseName="1:([^"]+)"([\s\S]*?)<\/UA/g),
  ];
  const names = new Map(nodes.map(([, id, name]) => [id!, name!]));
  const one = (body: string, type: string): string | null => {
    const id = new RegExp(`ReferenceType="${type}">([^<]+)<`).exec(body)?.[1];
    return id === undefined ? null : (names.get(id) ?? id);
  };
  const transitions = nodes.flatMap(([, , name, body]) => {
    const from = one(body!, "FromState");
    const to = one(body!, "ToState");
    return from && to ? [{ name: name!, from, to, cause: one(body!, "HasCause") }] : [];
  });
  const stateNumbers = [
    ...xml.matchAll(/BrowseName="StateNumber" ParentNodeId="([^"]+)"[\s\S]*?UInt32[^>]*>(\d+)</g),
  ];
  return {
    transitions,
    numbers: stateNumbers.map(([, id, number]) => [names.get(id!), Number(number)] as const),
  };
}

const OPERATIONAL = ["Initialized", "Ready", "SingleExecution", "ContinuousExecution"];
const STEP_MODEL = /^(Entry|Wait|Step)To/;
/** Not offered: products, and modes other than automatic. */
const LEFT_OUT = /Product$|^PreoperationalToOperational(Auto)?$/;

describe("the table of transitions against the node set of the companion specification", () => {
  const { transitions, numbers } = readNodeSet();

  it("has every transition, with its ends and its cause", () => {
    const ours = VISION_TRANSITIONS.map(({ name, from, to, cause }) => ({
      name,
      from: name.startsWith("Operational") && OPERATIONAL.includes(from) ? "Operational" : from,
      to: name === "ErrorToOperationalAuto" ? "Operational" : to,
      cause,
    }));
    const unique = [...new Map(ours.map((step) => [step.name, step])).values()];
    const theirs = transitions.filter(({ name }) => !STEP_MODEL.test(name) && !LEFT_OUT.test(name));
    const byName = (a: { name: string }, b: { name: string }) => a.name.localeCompare(b.name);
    expect(theirs.length).toBeGreaterThan(25);
    expect(unique.sort(byName)).toEqual(theirs.sort(byName));
  });

  it("leaves Operational from each of its states alike", () => {
    for (const name of ["OperationalToHalted", "OperationalToErrorAuto", "OperationalToPreoperational"]) {
      expect(VISION_TRANSITIONS.filter((step) => step.name === name).map(({ from }) => from)).toEqual(
        OPERATIONAL,
      );
    }
  });

  it("numbers the states alike", () => {
    const theirs = new Map(numbers.filter(([name]) => name !== undefined && name in VISION_STATES));
    expect(theirs).toEqual(new Map(Object.entries(VISION_STATES)));
  });
});
