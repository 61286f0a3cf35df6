import { expect, it } from "vitest";
import type { HookSpecs } from "../../config/index.ts";
import { describeStep, type Failure } from "../../model/index.ts";
import type { Context } from "../strategy.ts";
import { clean } from "./clean.ts";

const hooks: HookSpecs = {
  commands: {},
  webhooks: {},
  clean: [
    { root: "/srv/shop/cache", pattern: "*.tmp", olderThanMs: 3_600_000 },
    { root: "/srv/shop/old", pattern: "**/*.log", olderThanMs: 0 },
  ],
  rotate: [],
};

const failure: Failure = {
  id: "f",
  at: 0,
  resource: "instance/shop.1",
  type: "check_failed",
  severity: "high",
  detector: "checks",
  sensor: "liveness",
  reason: "",
  evidence: [],
};

/** What it has against the failure; it looks at nothing else. */
function against(told: Partial<Failure>): string | undefined {
  return clean.against({ service: { hooks }, failure: { ...failure, ...told } } as Context);
}

it.each([
  // As a sensor hands them on: cut short, and within a word.
  ["GET /health: status 500, expected 2xx; it said: database or disk is ful", true],
  ["GET /health: status 500, expected 2xx; it said: database or disk is full", true],
  ["GET /health: status 500, expected 2xx; it said: database or disk is fu...", true],
  ["GET /health: status 503; it said: Error: ENOSPC, write", true],
  ["command: exit code 1: cp: error writing 'x': No space left on dev", true],
  ["GET /health: status 500; it said: disk quota may be useful.", false],
  ["GET /health: status 500; it said: the disk is slow. Buffers are full", false],
  ["GET /health: status 500; it said: unsuccessful", false],
])("heals a failed check only when it says that the disk is full: %s", (reason, isFull) => {
  const answer = isFull ? undefined : "nothing says that the disk is full";
  expect(against({ reason })).toBe(answer);
  expect(against({ evidence: ["liveness: timeout", reason] })).toBe(answer);
  expect(against({ reason, type: "disk_exhaustion" })).toBeUndefined();
});

it("is one step for all declared places", () => {
  const steps = clean.steps({ resource: failure.resource, service: { hooks } } as Context);
  expect(steps).toMatchObject([{ kind: "clean", parameters: { places: hooks.clean } }]);
  const [first, second] = ["/srv/shop/cache *.tmp older than 1 h", "/srv/shop/old **/*.log"];
  expect(steps.map(describeStep)).toEqual([
    `clean instance/shop.1: ${first}, ${second} older than 0 ms`,
  ]);
  // As an older journal has it.
  const [parameters = {}] = hooks.clean.map((each) => ({ ...each }));
  const old = { kind: "clean", resource: failure.resource, parameters, deadlineMs: 1 };
  expect(describeStep(old)).toBe(`clean instance/shop.1: ${first}`);
});
