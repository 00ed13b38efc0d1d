import { describe, expect, it } from "vitest";
import { chooseMethod, type Evidence } from "../../../src/methods/auto/choose-method.ts";

const normals = [-1.2, -0.6, -0.1, 0.2, 0.5, 1.1, 1.6, -0.9];
/** Of a model whose threshold is 2. */
const evidence = (name: string, anomalies: readonly number[]): Evidence => ({
  name,
  normals: normals.map((score) => score - 2),
  anomalies: anomalies.map((score) => score - 2),
});
const sees = evidence("sees", [2.5, 3, 3.5, 4, 4.5, 5, 5.5, 6]);
const misses = evidence("misses", [-1, 0.1, 0.3, 2.4, 0.7, 1, 4, 1.3]);
/** Ranks all anomalies above all normals, but hardly any of them above the threshold. */
const ranksOnly = evidence("ranks", [1.7, 1.75, 1.8, 1.85, 1.9, 1.95, 1.98, 2.1]);

describe("chooseMethod", () => {
  it("deploys the learned model where it ranks anomalies better, and says so with both numbers", () => {
    const { chosen, words } = chooseMethod({ learned: sees, instant: misses });
    expect(chosen).toBe("learned");
    expect(words).toMatch(/^sees is deployed: on 8 held-out good parts and 8 synthetic anomalies /);
    expect(words).toMatch(/sees AUROC 1\.000, 100 % found.*; misses AUROC 0\.\d{3}, 25 % found/);
    expect(words).toMatch(/difference 0\.\d{3} ± 0\.\d{3}$/);
  });

  it("keeps the instant model where that ranks better", () => {
    const { chosen, words } = chooseMethod({ learned: misses, instant: sees });
    expect(chosen).toBe("instant");
    expect(words).toMatch(/^sees is deployed/);
  });

  it("decides a draw by what is found at the thresholds", () => {
    expect(chooseMethod({ learned: sees, instant: ranksOnly }).chosen).toBe("learned");
    expect(chooseMethod({ learned: ranksOnly, instant: sees }).chosen).toBe("instant");
  });

  it("keeps the instant model in a full draw", () => {
    expect(chooseMethod({ learned: { ...sees, name: "twin" }, instant: sees }).chosen).toBe("instant");
  });
});
