import fc from "fast-check";
import { get } from "sparkplug-payload";
import type { UMetric } from "sparkplug-payload/lib/sparkplugbpayload.js";
import { describe, expect, it } from "vitest";
import { InputError } from "../../../src/domain/errors.ts";
import { readDeviceCommand, readNodeCommand } from "../../../src/messaging/sparkplug/read-commands.ts";

const tahu = get("spBv1.0")!;
const bytesOf = (...metrics: UMetric[]): Uint8Array => tahu.encodePayload({ timestamp: 1, metrics });
const codes = (read: readonly object[]): string[] =>
  read.map((wish) => (wish instanceof InputError ? wish.code : "ok"));

describe("a command", () => {
  it("gives its wishes in order; what cannot be written is refused alone", () => {
    const read = readDeviceCommand(
      bytesOf(
        { name: "Device Control/Stop", type: "Boolean", value: true },
        { name: "Device Control/Threshold", type: "Float", value: Number.NaN },
        { name: "Device Control/Recipe Select", type: "String", value: "bottle" },
        { name: "Device Control/Threshold", type: "Double", value: 0.625 },
        { name: "State/Ready", type: "Boolean", value: true },
        { name: "Device Control/toString", type: "Boolean", value: true },
      ),
    );
    expect(codes(read)).toEqual([
      "ok",
      "sparkplug-value",
      "ok",
      "ok",
      "sparkplug-metric",
      "sparkplug-metric",
    ]);
    expect(read[2]).toMatchObject({ kind: "select-recipe", recipe: "bottle" });
    expect(read[3]).toMatchObject({ kind: "set-threshold", reject: 0.625 });
  });

  it("takes false for a button as its resting value, and nothing but a boolean", () => {
    const start = (type: "Boolean" | "Int32" | "String", value: boolean | number | string) =>
      codes(readDeviceCommand(bytesOf({ name: "Device Control/Start", type, value })));
    expect(start("Boolean", true)).toEqual(["ok"]);
    expect(start("Boolean", false)).toEqual([]);
    expect(start("Int32", 1)).toEqual(["sparkplug-value"]);
    expect(start("String", "true")).toEqual(["sparkplug-value"]);
  });

  // tck-id-operational-behavior-data-commands-ncmd-rebirth-name, tck-id-operational-behavior-data-commands-ncmd-rebirth-value
  it("asks for a rebirth by name and true only", () => {
    const rebirth = { name: "Node Control/Rebirth", type: "Boolean", value: true } as const;
    expect(readNodeCommand(bytesOf(rebirth))).toEqual([{ metric: rebirth.name, kind: "rebirth" }]);
    expect(readNodeCommand(bytesOf({ ...rebirth, value: false }))).toEqual([]);
    expect(codes(readNodeCommand(bytesOf({ ...rebirth, name: "node control/rebirth" })))).toEqual([
      "sparkplug-metric",
    ]);
  });

  it("of 65,537 bytes, without metrics, or with a nameless one is refused", () => {
    expect(() => readNodeCommand(new Uint8Array(65_537))).toThrow(InputError);
    expect(() => readNodeCommand(bytesOf())).toThrow(/no metric/);
    expect(codes(readNodeCommand(bytesOf({ type: "Boolean", value: true })))).toEqual(["sparkplug-metric"]);
  });

  it("of any bytes gives wishes or an InputError, 40,000 times", () => {
    const valid = bytesOf(
      { name: "Device Control/Start", type: "Boolean", value: true },
      { name: "Device Control/Threshold", type: "Float", value: 0.5 },
    );
    const mutated = fc
      .array(fc.tuple(fc.nat(valid.length - 1), fc.nat(255)), { maxLength: 4 })
      .map((changes) =>
        changes.reduce((bytes, [at, value]) => bytes.with(at, value), Uint8Array.from(valid)),
      );
    fc.assert(
      fc.property(fc.oneof(mutated, fc.uint8Array({ maxLength: 40 })), (bytes) => {
        for (const read of [readNodeCommand, readDeviceCommand]) {
          try {
            expect(Array.isArray(read(bytes))).toBe(true);
          } catch (error) {
            if (!(error instanceof InputError)) throw error;
          }
        }
      }),
      { seed: 20_261_122, numRuns: 20_000 },
    );
  });
});
