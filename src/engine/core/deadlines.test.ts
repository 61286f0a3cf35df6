/** D4: what goes wrong with one call keeps no other from its deadline. */
import { expect, test } from "vitest";
import { ManualTools, outcome } from "../../resilience/index.ts";
import { InfrastructureReliabilityEngine } from "../engine.ts";
import { Deadlines, type WithDeadline } from "./deadlines.ts";

test("an operation that cannot be looked at keeps no other from its deadline (D4)", async () => {
  const tools = new ManualTools();
  const deadlines = new Deadlines(tools.timers, tools.monotonicMs);
  const seen: string[] = [];
  const owner = (name: string): WithDeadline => ({
    isArmed: false,
    armedMs: 0,
    expire() {
      seen.push(name);
      if (name === "bad") throw new Error(name);
      return undefined;
    },
  });
  deadlines.arm(owner("bad"), 10);
  deadlines.arm(owner("good"), 20);
  await expect(tools.advance(10)).rejects.toThrow("bad");
  await tools.advance(20);
  expect(seen).toEqual(["bad", "good"]);
});

test("a stream that throws when it is ended ends with its deadline, and so do all others (D4)", async () => {
  const tools = new ManualTools();
  const engine = new InfrastructureReliabilityEngine({ timeout: 30 }, tools);
  const stuck = {
    [Symbol.asyncIterator]: () => stuck,
    next: () => new Promise<never>(() => {}),
    return(): never {
      throw new Error("not now");
    },
  };
  const it = engine.wrap(
    "it",
    { open: () => stuck, ask: () => new Promise<never>(() => {}) },
    { methods: { ask: { timeout: 60 } } },
  );
  const asked = outcome(it.ask());
  const read = outcome(it.open().next());
  await tools.advance(100);
  expect(read.error).toMatchObject({ code: "CALL_TIMEOUT", operation: "it.open" });
  expect(asked.error).toMatchObject({ code: "CALL_TIMEOUT", operation: "it.ask" });
});
