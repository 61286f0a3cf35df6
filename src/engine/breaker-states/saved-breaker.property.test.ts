import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { asOfNow, goesBefore, mergeSaved, readSaved, type SavedBreaker } from "./saved-breaker.ts";

const nowMs = 1_000_000;
const time = fc.option(fc.integer({ min: 0, max: 2 * nowMs }), { nil: undefined });
const state: fc.Arbitrary<SavedBreaker> = fc.record({
  name: fc.constantFrom("a", "b", "c"),
  phase: fc.constantFrom("closed", "open", "half_open", "isolated"),
  failureCount: fc.nat(9),
  successCount: fc.nat(9),
  openedAt: time,
  nextRetryAt: time,
  lastFailureAt: time,
  lastSuccessAt: time,
  isInduced: fc.boolean(),
  configuration: fc.constant(undefined),
  updatedAt: fc.integer({ min: 0, max: 2 * nowMs }),
});
const states = fc.array(state, { maxLength: 12 });

describe("states of circuits", () => {
  it("merge to the same whatever the order and however often (M1)", () => {
    fc.assert(
      fc.property(states, states, states, (a, b, c) => {
        const once = mergeSaved(a, b, c);
        expect(mergeSaved(c, a, b)).toEqual(once);
        expect(mergeSaved([...mergeSaved(a, b).values()], [...mergeSaved(b, c).values()])).toEqual(
          once,
        );
      }),
    );
  });

  it("are won by the last opening, then by the later word (M1)", () => {
    fc.assert(
      fc.property(state, state, (one, other) => {
        const same = { ...other, name: one.name };
        const [winner] = mergeSaved([one], [same]).values();
        expect(winner?.openedAt ?? 0).toBe(Math.max(one.openedAt ?? 0, other.openedAt ?? 0));
        if ((one.openedAt ?? 0) !== (other.openedAt ?? 0)) return;
        expect(winner?.updatedAt).toBe(Math.max(one.updatedAt, other.updatedAt));
        expect(goesBefore(one, same) && goesBefore(same, one)).toBe(false);
      }),
    );
  });

  it("are never open for longer than they opened for, whatever the clocks say (M2)", () => {
    fc.assert(
      fc.property(state, (each) => {
        const { openedAt, nextRetryAt } = asOfNow(each, nowMs);
        if (nextRetryAt === undefined) return;
        const openedFor = Math.max(0, (each.nextRetryAt ?? 0) - (each.openedAt ?? 0));
        expect(nextRetryAt - nowMs).toBeLessThanOrEqual(openedFor);
        expect(openedAt ?? 0).toBeLessThanOrEqual(nowMs + 5000);
      }),
    );
  });

  it("are read back as they were written, and nothing else is a state (M3)", () => {
    fc.assert(
      fc.property(state, (each) => {
        expect(readSaved(JSON.parse(JSON.stringify(each)))).toEqual(each);
      }),
    );
    fc.assert(fc.property(fc.jsonValue(), (value) => void readSaved(value)));
  });
});
