import { setTimeout as pause } from "node:timers/promises";
import { expect, test } from "vitest";
import { waitUntil } from "./wait-until.ts";

test("slow looks do not make the wait longer than its limit", async () => {
  let looks = 0;
  const look = async (): Promise<undefined> => {
    looks += 1;
    await pause(20);
  };
  const waiting = waitUntil("nothing", look, { limitMs: 100, everyMs: 1 });
  await expect(waiting).rejects.toThrow("waited in vain: nothing");
  // Pauses alone would leave room for a hundred.
  expect(looks).toBeLessThan(10);
});

test("looks once at least, and answers with what was found", async () => {
  expect(await waitUntil("a number", () => 7, { limitMs: 0 })).toBe(7);
});
