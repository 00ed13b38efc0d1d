import { defineConfig } from "vitest/config";

const golden = "test/golden/**/*.test.ts";
const e2e = ["test/e2e/**/*.test.ts", "test/faults/**/*.test.ts"];

/** Three projects: `unit` (everything quick), `golden` (parity with ASSAYD_GOLDEN_DIR), `e2e` (whole stations, one at a time). */
export default defineConfig({
  test: {
    // Add-ons do not survive in worker threads; every file gets a process of its own.
    pool: "forks",
    expect: { requireAssertions: true },
    // TensorFlow prints its build notes on stderr otherwise; must be set before the process loads it.
    env: { TF_CPP_MIN_LOG_LEVEL: "2" },
    teardownTimeout: 5_000,
    projects: [
      {
        extends: true,
        test: {
          name: "unit",
          include: ["test/**/*.test.ts"],
          exclude: [golden, ...e2e],
          testTimeout: 20_000,
          hookTimeout: 20_000,
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: {
          name: "golden",
          include: [golden],
          testTimeout: 60_000,
          hookTimeout: 60_000,
          sequence: { groupOrder: 1 },
        },
      },
      {
        extends: true,
        test: {
          name: "e2e",
          include: e2e,
          testTimeout: 300_000,
          hookTimeout: 120_000,
          maxWorkers: 1,
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
});
