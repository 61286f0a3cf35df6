import { defineConfig } from "vitest/config";

// Eight projects, from the purest to the most real. Groups run one after another, so that the tests
// with real processes never compete with the others for a small machine's two cores; what is in one
// group leaves no core idle at its end.
// Processes (`forks`) and not threads where a test may signal, spawn or change its environment.

/**
 * Nothing here changes what another file sees, so that files share their threads: to load the same
 * modules for each of them anew took twice as long as their tests.
 */
const pure = { pool: "threads", isolate: false, testTimeout: 60_000 } as const;

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
 * One for each core, so that none is short of it: fleets that are looked at many times a second and
 * are expected to have no failure but the planted one. All others mostly wait, three at a time.
 */
const alone = [
  "test/integration/daemon-*.test.ts",
  "test/integration/drill.test.ts",
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
        },
      },
      { test: { ...pure, name: "tidy", include: ["test/tidy.test.ts"] } },
      {
        test: {
          name: "conformance",
          include: ["test/conformance/**/*.test.ts"],
          pool: "forks",
          testTimeout: 30_000,
        },
      },
      {
        test: {
          name: "simulation",
          include: ["test/simulation/**/*.test.ts"],
          pool: "forks",
          testTimeout: 120_000,
        },
      },
      {
        test: {
          ...real,
          name: "integration",
          include: ["test/integration/**/*.test.ts"],
          exclude: alone,
          maxWorkers: 3,
          sequence: { groupOrder: 1 },
        },
      },
      {
        test: {
          ...real,
          name: "alone",
          include: alone,
          sequence: { groupOrder: 2 },
        },
      },
      {
        test: {
          ...real,
          name: "privileged",
          include: ["test/privileged/**/*.test.ts"],
          fileParallelism: false,
          sequence: { groupOrder: 3 },
        },
      },
    ],
  },
});
