import { randomBytes } from "node:crypto";
import { describe, expect, it } from "vitest";
import { uuid7 } from "../../src/domain/uuid7.ts";

describe("uuid7", () => {
  it("gives the example of RFC 9562, appendix A.6", () => {
    const random = Buffer.from("0cc318c4dc0c0c07398f", "hex");
    expect(uuid7(0x017f22e279b0, random)).toBe("017f22e2-79b0-7cc3-98c4-dc0c0c07398f");
  });

  it("sorts by time", () => {
    const ids = [1, 5, 1000, 2 ** 40].map((time) => uuid7(time, randomBytes(10)));
    expect(ids.toSorted()).toEqual(ids);
  });

  it("refuses a time or randomness that does not fit", () => {
    expect(() => uuid7(-1, randomBytes(10))).toThrow(RangeError);
    expect(() => uuid7(NaN, randomBytes(10))).toThrow(RangeError);
    expect(() => uuid7(1, randomBytes(9))).toThrow(RangeError);
  });
});
