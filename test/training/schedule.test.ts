import { describe, expect, it } from "vitest";
import { learningRateAt } from "../../src/training/schedule.ts";

describe("learningRateAt", () => {
  it("falls to a fifth at 80 % of the steps and to a fifth of that at 90 %", () => {
    const rates = [...Array(100).keys()].map((step) => learningRateAt(step, { steps: 100, learningRate: 5 }));
    expect(rates.slice(0, 80).every((rate) => rate === 5)).toBe(true);
    expect(rates.slice(80, 90).every((rate) => rate === 1)).toBe(true);
    expect(rates.slice(90).every((rate) => Math.abs(rate - 0.2) < 1e-12)).toBe(true);
  });

  it("one cycle: as PyTorch's OneCycleLR, from a 25th up to the rate at 30 % and down to nearly nothing", () => {
    const plan = { steps: 100, learningRate: 5, schedule: "one-cycle" } as const;
    const rates = [...Array(100).keys()].map((step) => learningRateAt(step, plan));
    // torch.optim.lr_scheduler.OneCycleLR(optimizer, 5, total_steps=100), steps 0, 10, 29, 50, 99
    const torch = { 0: 0.2, 10: 1.4758197423205037, 29: 5, 50: 3.96946725287866, 99: 2e-5 };
    for (const [step, expected] of Object.entries(torch))
      expect(rates[Number(step)]).toBeCloseTo(expected, 9);
  });

  it("one cycle of very few steps still has a rate above 0 and never above the given one", () => {
    for (const steps of [1, 2, 3, 5])
      for (let step = 0; step < steps; step += 1) {
        const rate = learningRateAt(step, { steps, learningRate: 5, schedule: "one-cycle" });
        expect(rate).toBeGreaterThan(0);
        expect(rate).toBeLessThanOrEqual(5);
      }
  });
});
