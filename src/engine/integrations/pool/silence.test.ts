import { expect, test } from "vitest";
import { LogSketch } from "../../../statistics/index.ts";
import { patienceMs, silentForMs } from "./silence.ts";

test("S1: silence begins with the oldest open question, or with the last answer of anybody", () => {
  expect(silentForMs({ oldestMs: undefined, lastAnswerMs: 0, nowMs: 9000 })).toBe(0);
  expect(silentForMs({ oldestMs: 2000, lastAnswerMs: 1000, nowMs: 9000 })).toBe(7000);
  expect(silentForMs({ oldestMs: 2000, lastAnswerMs: 8900, nowMs: 9000 })).toBe(100);
});

test("S2: what is usual decides, once it is known, and never less than the least", () => {
  const usual = new LogSketch();
  const patience = { factor: 10, leastMs: 5000 };
  expect(patienceMs(usual, patience)).toBe(5000);
  for (let n = 0; n < 99; n += 1) usual.add(60_000);
  expect(patienceMs(usual, patience)).toBe(5000);
  usual.add(60_000);
  expect(patienceMs(usual, patience)).toBeCloseTo(600_000, -4);
  const quick = new LogSketch();
  for (let n = 0; n < 1000; n += 1) quick.add(2);
  expect(patienceMs(quick, patience)).toBe(5000);
});
