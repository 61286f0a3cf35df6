import { expect, it } from "vitest";
import { ManualTools } from "./manual-tools.ts";

it("fires timers as they are due, with the time at which they are due, and no cancelled one", async () => {
  const tools = new ManualTools();
  const seen: string[] = [];
  const note = (what: string) => () => {
    seen.push(`${what}@${tools.monotonicMs()}`);
    if (what === "a") tools.timers.after(5, note("inner"));
  };
  tools.timers.after(20, note("b"));
  tools.timers.after(10, note("a"));
  tools.timers.after(12, note("never"))();
  await tools.advance(30);
  expect(seen).toEqual(["a@10", "inner@15", "b@20"]);
  expect(tools.monotonicMs()).toBe(30);
  expect(tools.pendingTimers).toBe(0);
});
