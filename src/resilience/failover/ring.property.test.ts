import fc from "fast-check";
import { expect, it } from "vitest";
import type { Judgement } from "../category.ts";
import type { Decision } from "../decision.ts";
import { Ring } from "./ring.ts";

const fault: Judgement = {
  category: "server_error",
  isFault: true,
  isTransient: true,
  neverStarted: false,
};

const step = fc.record({
  afterMs: fc.oneof(fc.constant(0), fc.nat(5000), fc.nat(400_000)),
  place: fc.nat(9),
  result: fc.constantFrom("good", "fault", "quota", "mistake"),
});

function alternatives(count: number) {
  return Array.from({ length: count }, (_, place) => ({ name: `p${place}`, target: place }));
}

it("N1: never everybody is ejected, never more than the share, and somebody is always asked", () => {
  fc.assert(
    fc.property(
      fc.array(step, { maxLength: 200 }),
      fc.integer({ min: 1, max: 8 }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      (steps, count, maxEjectedShare) => {
        const ring = new Ring(
          alternatives(count),
          { maxEjectedShare, consecutiveFaults: 2, minimumCalls: 4 },
          () => undefined,
        );
        const most = Math.min(count - 1, Math.max(1, Math.floor(count * maxEjectedShare)));
        let nowMs = 0;
        for (const { afterMs, place, result } of steps) {
          nowMs += afterMs;
          const member = ring.members[place % count] ?? ring.members[0];
          if (member === undefined) return;
          if (result === "good") ring.succeeded(member, nowMs, 10);
          else if (result === "fault") ring.failed(member, nowMs, fault);
          else if (result === "quota") {
            ring.failed(member, nowMs, { ...fault, category: "quota_exceeded" });
          } else ring.failed(member, nowMs, { ...fault, isFault: false });
          const ejected = ring.reports(nowMs).filter(({ state }) => state === "ejected");
          expect(ejected.length).toBeLessThanOrEqual(most);
          expect(ring.order(nowMs).length).toBe(count - ejected.length);
          expect(ring.order(nowMs).length).toBeGreaterThan(0);
        }
      },
    ),
  );
});

it("ejections grow and are capped, and every one that is told ends when it was told to end", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const told: Decision[] = [];
      const ring = new Ring(
        alternatives(3),
        { consecutiveFaults: 1, baseEjectionMs: 1000, maxEjectionMs: 10_000 },
        (decision) => told.push(decision),
      );
      let nowMs = 0;
      for (const { afterMs, place, result } of steps) {
        nowMs += afterMs;
        const member = ring.members[place % 3];
        if (member === undefined || result === "quota") continue;
        const before = told.length;
        if (result === "good") ring.succeeded(member, nowMs, 1);
        else ring.failed(member, nowMs, fault);
        const [decision] = told.slice(before);
        if (decision?.kind !== "ejected") continue;
        expect([1000, 2000, 4000, 8000, 10_000]).toContain(decision.forMs);
        expect(ring.order(nowMs).includes(member)).toBe(false);
        const report = ring.reports(nowMs).find(({ name }) => name === member.name);
        expect(report).toMatchObject({ state: "ejected", leftMs: decision.forMs });
        expect(ring.reports(nowMs + decision.forMs)[member.place]?.state).toBe("serving");
      }
    }),
  );
});
