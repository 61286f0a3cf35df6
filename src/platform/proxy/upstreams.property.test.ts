import * as fc from "fast-check";
import { expect, test } from "vitest";
import type { Upstream } from "../../model/index.ts";
import { type Member, Upstreams } from "./upstreams.ts";

const state = fc.constantFrom<Upstream["state"]>("join", "serve", "drain", "eject");
const wanted = fc.uniqueArray(
  fc.record({ id: fc.constantFrom("a", "b", "c"), port: fc.constantFrom(1, 2), state }),
  { selector: ({ id }) => id, maxLength: 3 },
);
const step = fc.oneof(
  fc.record({ kind: fc.constant("declare" as const), wanted }),
  fc.record({ kind: fc.constantFrom("request" as const, "finish" as const, "lose" as const) }),
);

/** What the proxy does with the set, in any order: the counts are never wrong. */
test("every request is counted until it ends, and only who serves is asked", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const upstreams = new Upstreams();
      const underWay: Member[] = [];
      for (const step of steps) {
        if (step.kind === "declare") upstreams.declare(step.wanted);
        if (step.kind === "request") {
          const member = upstreams.choose();
          const serves = upstreams.reports().some(({ state }) => state === "serving");
          expect(member?.phase).toBe(serves ? "serving" : undefined);
          if (member === undefined) continue;
          upstreams.begin(member);
          underWay.push(member);
        }
        const last = underWay.at(-1);
        if (step.kind === "lose" && last !== undefined) upstreams.lost(last);
        if (step.kind === "finish" && last !== undefined) {
          underWay.pop();
          upstreams.end(last, "served");
        }
        const counted = upstreams.reports().reduce((sum, { inFlight }) => sum + inFlight, 0);
        expect(counted).toBe(underWay.length);
        const idle = upstreams.reports().filter(({ inFlight }) => inFlight === 0);
        expect(idle.length).toBeLessThanOrEqual(3);
      }
    }),
  );
});
