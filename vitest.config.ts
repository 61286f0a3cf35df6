import { defineConfig } from "vitest/config";

// Seven projects, from the purest to the most real. Groups run one after another, so that the tests
// with real processes never compete with the others for a small machine's two cores.
// Processes (`forks`) and not threads where a test may signal, spawn or change its environment.

const pure = { pool: "threads", sequence: { groupOrder: 0 }, testTimeout: 10_000 } as const;

/** Real processes: file after file, so that none is measured while another one works. */
const real = {
  pool: "forks",
  fileParallelism: false,
  testTimeout: 60_000,
  hookTimeout: 60_000,
} as const;

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
          sequence: { groupOrder: 3 },
        },
      },
      {
        test: {
          ...real,
          name: "privileged",
          include: ["test/privileged/**/*.test.ts"],
          sequence: { groupOrder: 4 },
        },
      },
    ],
  },
});
