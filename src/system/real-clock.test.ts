import { expect, it, vi } from "vitest";
import { longestDelayMs, realTimers } from "./real-clock.ts";

it("asks for whole milliseconds, not for fewer than it was told, and not for more than there can be", () => {
  const asked = vi.spyOn(globalThis, "setTimeout");
  for (const delayMs of [-5, 0, 1.2, 7, Number.POSITIVE_INFINITY]) {
    realTimers.after(delayMs, () => undefined)();
  }
  expect(asked.mock.calls.map(([, delayMs]) => delayMs)).toEqual([0, 0, 2, 7, longestDelayMs]);
});
