import { expect, it } from "vitest";
import type { BaselineSummary } from "../../statistics/index.ts";
import { listOf } from "../detector.ts";
import { deviationDetector } from "./deviation.ts";

const usual = { count: 3000, p01: 4, p05: 5, p50: 10, p95: 20, p99: 30 } as BaselineSummary;

/** Looks of these durations, ten seconds apart: what is thought of the last. */
function opinionOf(
  durationsMs: readonly number[],
  known: BaselineSummary | undefined = usual,
): string {
  const detector = deviationDetector({ sensor: "http", usual: () => known });
  const state = detector.initial();
  let last = "-";
  durationsMs.forEach((elapsedMs, index) => {
    const now = { wallMs: 0, monotonicMs: index * 10_000 };
    const reading = { kind: "check", ok: true, elapsedMs, reason: "200" } as const;
    const place = { resource: "http/a", sensor: "http", at: 0, begunMs: now.monotonicMs } as const;
    const [opinion] = listOf(detector.judge(state, { ...place, reading }, now));
    last = opinion === undefined ? "-" : opinion.kind === "bad" ? opinion.severity : opinion.kind;
  });
  return last;
}

const slow = Array<number>(10).fill(900);

it("notes answers that are far slower than usual, for a while", () => {
  expect(opinionOf(slow)).toBe("low");
  expect(opinionOf(slow.slice(1))).toBe("-");
  expect(opinionOf([...slow, 12])).toBe("good");
});

it("says nothing of what nobody notices, nor without a baseline", () => {
  expect(opinionOf(Array(20).fill(90))).toBe("good");
  expect(opinionOf(slow, { ...usual, count: 20 })).toBe("good");
  expect(opinionOf(slow, { ...usual, p95: 2000, p99: 3000 })).toBe("good");
});
