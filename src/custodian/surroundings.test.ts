import { expect, test } from "vitest";
import { realSurroundings } from "./surroundings.ts";

test("a process has its number from its beginning on, and nobody has one that is too large", () => {
  const { clock, isAlive } = realSurroundings();
  const nowMs = clock.now().wallMs;
  expect(isAlive(process.pid, nowMs)).toBe(true);
  expect(isAlive(process.pid, nowMs - process.uptime() * 1000 - 60_000)).toBe(false);
  expect(isAlive(2 ** 30, nowMs)).toBe(false);
});
