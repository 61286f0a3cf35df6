import { setTimeout as pause } from "node:timers/promises";
import { expect, test } from "vitest";
import { openDeadline } from "./deadline.ts";

test("a deadline that is longer than any timer has not passed at once", async () => {
  const deadline = openDeadline(2 ** 31);
  await pause(20);
  expect(deadline.signal.aborted).toBe(false);
  deadline.end();
});
