import { describe, expect, it } from "vitest";
import { oraclePoint } from "../../src/evaluation/operating-point.ts";

const picture = (score: number, isBad: boolean) => ({ file: "", kind: "", score, isBad });

describe("oraclePoint", () => {
  it("finds the threshold with the highest F1 and what it does", () => {
    const pictures = [
      picture(1, false),
      picture(2, false),
      picture(2.5, true),
      picture(3, false),
      picture(4, true),
    ];
    const point = oraclePoint(pictures);
    expect(point).toEqual({ threshold: 2, f1: 0.8, falseRejectRate: 1 / 3, escapeRate: 0 });
    const above = pictures.filter(({ score }) => score > (point?.threshold ?? NaN));
    expect(above.map(({ score }) => score)).toEqual([2.5, 3, 4]);
  });

  it("takes equal scores together, and can reject everything", () => {
    expect(oraclePoint([picture(1, false), picture(1, true)])).toMatchObject({ threshold: 0, escapeRate: 0 });
  });

  it("needs both kinds", () => {
    expect(oraclePoint([picture(1, false)])).toBeNull();
  });
});
