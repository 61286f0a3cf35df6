import { defineConfig } from "vitest/config";

// Eight projects, from the purest to the most real. Groups run one after another, so that the tests
// with real processes never compete with the others for a small machine's two cores.
// Processes (`forks`) and not threads where a test may signal, spawn or change its environment.

const pure = { pool: "threads", sequence: { groupOrder: 0 }, testTimeout: 10_000 } as const;

/** Real processes, which a busy machine may keep waiting: the limit is for what hangs. */
const real = {
  pool: "forks",
  testTimeout: 120_000,
  hookTimeout: 120_000,
  // As `until` of the tests waits.
  expect: { poll: { timeout: 40_000, interval: 10 } },
  globalSetup: ["test/run-folder.ts"],
} as const;

/**
 * File after file, so that none is measured while another one works: fleets that are looked at many
 * times a second and are expected to have no failure but the planted one, and what keeps both cores
 * busy by itself. All others mostly wait, two at a time.
 */
const alone = [
  "test/integration/daemon-*.test.ts",
  "test/integration/drill.test.ts",
  "test/integration/bench-engine.test.ts",
  "test/integration/package.test.ts",
  "test/integration/process-log.test.ts",
  "test/integration/process-spares.test.ts",
];

export default defineConfig({
  test: {
    maxWorkers: 2,
    teardownTimeout: 10_000,
    projects: [
      {
        test: {
          ...pure,
          name: "unit",
          include: ["src/**/*.test.ts"],
          exclude: ["src/**/*.property.test.ts"],
        },
      },
      {
        test: {
          ...pure,
          name: "property",
          include: ["src/**/*.property.test.ts"],
          testTimeout: 30_000,
        },
      },
      { test: { ...pure, name: "tidy", include: ["test/tidy.test.ts"], testTimeout: 30_000 } },
      {
        test: {
          name: "conformance",
          include: ["test/conformance/**/*.test.ts"],
          pool: "forks",
          sequence: { groupOrder: 1 },
          testTimeout: 30_000,
        },
      },
      {
        test: {
          name: "simulation",
          include: ["test/simulation/**/*.test.ts"],
          pool: "forks",
          sequence: { groupOrder: 2 },
          testTimeout: 120_000,
        },
      },
      {
        test: {
          ...real,
          name: "integration",
          include: ["test/integration/**/*.test.ts"],
          exclude: alone,
          sequence: { groupOrder: 3 },
        },
      },
      {
        test: {
          ...real,
          name: "alone",
          include: alone,
          fileParallelism: false,
          sequence: { groupOrder: 4 },
        },
      },
      {
        test: {
          ...real,
          name: "privileged",
          include: ["test/privileged/**/*.test.ts"],
          fileParallelism: false,
          sequence: { groupOrder: 5 },
        },
      },
    ],
  },
});
