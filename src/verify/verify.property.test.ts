import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Fleet } from "../config/index.ts";
import type { Failure, Watch } from "../model/index.ts";
import { createVerifyState, type VerifyInput, verify } from "./verify.ts";

const resource = "instance/a.1";
const watch: Watch = { windowMs: 500, goodMin: 2, deadlineMs: 5000 };
const limits = { watchMs: 500, verifyDeadlineMs: 5000 };
const failure: Failure = {
  id: "f",
  at: 0,
  resource,
  type: "hang",
  severity: "high",
  detector: "d",
  sensor: "s",
  reason: "r",
  evidence: [],
};

type Happening = {
  readonly kind: "look" | "acting" | "acted";
  readonly finding: "good" | "suspect" | "bad";
  /** How long before now the look began. */
  readonly ageMs: number;
  readonly pauseMs: number;
};

const happening: fc.Arbitrary<Happening> = fc.record({
  kind: fc.oneof(
    { weight: 8, arbitrary: fc.constant("look" as const) },
    { weight: 1, arbitrary: fc.constant("acting" as const) },
    { weight: 1, arbitrary: fc.constant("acted" as const) },
  ),
  finding: fc.oneof(
    { weight: 6, arbitrary: fc.constant("good" as const) },
    { weight: 1, arbitrary: fc.constant("suspect" as const) },
    { weight: 1, arbitrary: fc.constant("bad" as const) },
  ),
  ageMs: fc.integer({ min: 0, max: 1500 }),
  pauseMs: fc.integer({ min: 0, max: 400 }),
});

describe("verify", () => {
  it("never calls healed what no clean window of fresh good looks proves (V1, V2)", () => {
    fc.assert(
      fc.property(fc.array(happening, { maxLength: 80 }), (happenings) => {
        const detection = { ...fullDetection, ...limits };
        const state = createVerifyState({
          detection,
          services: {},
          resources: {},
        } as unknown as Fleet);
        let nowMs = 2000;
        /** What the property knows by itself: the last moment that was not clean. */
        let freshFromMs = nowMs;
        let good: number[] = [];
        const at = () => ({ wallMs: nowMs, monotonicMs: nowMs });
        verify(state, [{ kind: "raised", failure }], at());
        for (const { kind, finding, ageMs, pauseMs } of happenings) {
          nowMs += pauseMs;
          const begunMs = nowMs - ageMs;
          const input = inputOf(kind, { finding, begunMs });
          if (kind === "acting") freshFromMs = Number.POSITIVE_INFINITY;
          if (kind === "acted") freshFromMs = nowMs;
          if (kind !== "look") good = [];
          else if (begunMs >= freshFromMs) {
            if (finding === "good") good.push(begunMs);
            else good = [];
          }
          const { verdicts } = verify(state, [input], at());
          for (const { healed } of verdicts) {
            if (!healed) {
              good = [];
              freshFromMs = nowMs;
              continue;
            }
            expect(good.length).toBeGreaterThanOrEqual(watch.goodMin);
            expect(nowMs - (good[0] ?? nowMs)).toBeGreaterThanOrEqual(watch.windowMs);
            expect(state.watches.size).toBe(0);
          }
          if (verdicts.some(({ healed }) => healed)) return;
        }
        expect(state.watches.size).toBe(1);
      }),
      { numRuns: 500, seed: 31 },
    );
  });
});

const fullDetection = {
  relapseMs: 0,
  correlateMs: 0,
  exhaustionLeadMs: 0,
  diskFullWithinMs: 0,
  certificateDays: 0,
  clockJumpMs: 0,
  thresholds: { errorRate: 0, responseTimeMs: 0, memoryUsage: 0, cpuUsage: 0 },
  connectivity: [],
};

function inputOf(
  kind: Happening["kind"],
  look: { readonly finding: Happening["finding"]; readonly begunMs: number },
): VerifyInput {
  if (kind === "acting") return { kind, resource };
  if (kind === "acted") return { kind, resource, action: "act", watch };
  return { kind: "evidence", failure: failure.id, reason: look.finding, ...look };
}
