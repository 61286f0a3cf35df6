import { expect, it } from "vitest";
import { connectLimit } from "./attempt.ts";

it("who accepts no connections is left in time for another, and only then suspected", () => {
  const unsent = { kind: "unsent", reason: "ETIMEDOUT" };
  expect(connectLimit(10_000, 10_000)).toEqual({ limitMs: 1000, outcome: unsent });
  expect(connectLimit(800, 800)).toEqual({ limitMs: 400, outcome: unsent });
  expect(connectLimit(800, 399)).toEqual({ limitMs: 399, outcome: { kind: "expired" } });
  expect(connectLimit(10_000, 1)).toEqual({ limitMs: 1, outcome: { kind: "expired" } });
});
